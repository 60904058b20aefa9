/**
 * A small builder for the type registry inside Substrate metadata (`scale_info::PortableRegistry`).
 *
 * @module
 */

/** A field of a composite or a variant: name (`null` in a tuple struct), type id, Rust name of the type. */
export type Field = readonly [name: string | null, type: number, typeName?: string];

/** A variant of an enum: index, name, fields. */
export type Variant = readonly [index: number, name: string, fields?: readonly Field[]];

/** A type parameter: name and type id (`null` where the parameter is a phantom). */
export type TypeParameter = readonly [name: string, type: number | null];

/** The JSON form that `createType("PortableRegistry")` takes. */
export interface PortableType {
  readonly id: number;
  readonly type: {
    readonly path: readonly string[];
    readonly params: readonly { readonly name: string; readonly type: number | null }[];
    readonly def: Record<string, unknown>;
    readonly docs: readonly string[];
  };
}

/** Collects types and gives out their ids; equal definitions get the same id. */
export class PortableTypes {
  readonly #types: PortableType[] = [];
  readonly #ids = new Map<string, number>();

  /** All types so far, by ascending id. */
  get types(): readonly PortableType[] {
    return this.#types;
  }

  /** A primitive: `U8`, `U16`, …, `Bool`, `Str`. */
  primitive(name: string): number {
    return this.#add([], [], { primitive: name });
  }

  /** `Compact<T>`. */
  compact(type: number): number {
    return this.#add([], [], { compact: { type } });
  }

  /** `Vec<T>`. */
  sequence(type: number): number {
    return this.#add([], [], { sequence: { type } });
  }

  /** `[T; len]`. */
  array(len: number, type: number): number {
    return this.#add([], [], { array: { len, type } });
  }

  /** `(A, B, …)`. */
  tuple(...types: readonly number[]): number {
    return this.#add([], [], { tuple: types });
  }

  /** A struct; `path` is its Rust path. */
  composite(path: string, fields: readonly Field[], params: readonly TypeParameter[] = []): number {
    return this.#add(path.split("::"), params, { composite: { fields: fields.map(fieldJson) } });
  }

  /** An enum; `path` is its Rust path. */
  variant(path: string, variants: readonly Variant[], params: readonly TypeParameter[] = []): number {
    return this.#add(path.split("::"), params, {
      variant: {
        variants: variants.map(([index, name, fields = []]) => ({
          name,
          fields: fields.map(fieldJson),
          index,
          docs: [],
        })),
      },
    });
  }

  /** `Option<T>`. */
  option(type: number): number {
    return this.variant("Option", [[0, "None"], [1, "Some", [[null, type]]]], [["T", type]]);
  }

  /** A bounded vector of FRAME: a struct around `Vec<T>`. */
  boundedVec(type: number): number {
    return this.composite(
      "bounded_collections::bounded_vec::BoundedVec",
      [[null, this.sequence(type), "Vec<T>"]],
      [["T", type], ["S", null]],
    );
  }

  #add(path: readonly string[], params: readonly TypeParameter[], def: Record<string, unknown>): number {
    const body = { path, params: params.map(([name, type]) => ({ name, type })), def, docs: [] };
    const text = JSON.stringify(body);
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#types.length;
    this.#types.push({ id, type: body });
    this.#ids.set(text, id);
    return id;
  }
}

function fieldJson([name, type, typeName]: Field): Record<string, unknown> {
  return { name, type, typeName: typeName ?? null, docs: [] };
}
