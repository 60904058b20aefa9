/** The keys that the schema accepts. */

import * as z from "zod";
import { configFileSchema } from "../../src/config/schema.ts";
import { workersSchema } from "../../src/config/workers.ts";

/** Every section with its keys and their schemas; `routing.targets` is both a key of `routing` and a section. */
export function schemaSections(): Map<string, Record<string, unknown>> {
  const { workers: _, ...rest } = configFileSchema.shape;
  const sections = new Map<string, Record<string, unknown>>();
  const add = (name: string, schema: unknown): void => {
    const bare = withoutOptional(schema);
    if (bare instanceof z.ZodArray) return add(name, bare.element);
    if (!(bare instanceof z.ZodObject)) return;
    const keys = Object.entries(bare.shape).map(([key, value]) => [key, withoutOptional(value)] as const);
    sections.set(name, Object.fromEntries(keys));
    for (const [key, value] of keys) add(`${name}.${key}`, value);
  };
  for (const [name, schema] of Object.entries({ ...rest, workers: workersSchema })) add(name, schema);
  return sections;
}

/** Every key as `section.key`, without those that are sections themselves. */
export function schemaKeys(): string[] {
  const sections = schemaSections();
  return [...sections].flatMap(([section, keys]) => Object.keys(keys).map((key) => `${section}.${key}`))
    .filter((key) => !sections.has(key));
}

function withoutOptional(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}
