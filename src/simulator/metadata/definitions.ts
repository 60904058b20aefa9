/**
 * The built-in runtime: the part of Subtensor's types, pallets and runtime APIs that clients of the auction
 * use, with the shapes, indices, hashers and defaults of the real runtime (spec, chain.md).
 *
 * @module
 */

import { type Field, PortableTypes, type Variant } from "./portable_types.ts";
import { builtinVersion, encodeVersion, type RuntimeVersion } from "./runtime_version.ts";

/** What absent storage means: `None`, or the default value. */
export type Modifier = "Optional" | "Default";

/** A storage item: plain without hashers, else a map whose key (a tuple for several hashers) is hashed. */
export interface StorageDefinition {
  readonly name: string;
  readonly modifier: Modifier;
  readonly hashers: readonly string[];
  readonly key: number | null;
  readonly value: number;
  /** The default, SCALE-encoded, `0x` hex; `0x00` for optional items. */
  readonly fallback: string;
}

/** A pallet constant, value SCALE-encoded. */
export interface ConstantDefinition {
  readonly name: string;
  readonly type: number;
  readonly value: string;
}

/** A pallet. */
export interface PalletDefinition {
  readonly name: string;
  readonly index: number;
  readonly storage: readonly StorageDefinition[];
  readonly calls: number | null;
  readonly events: number | null;
  readonly errors: number | null;
  readonly constants: readonly ConstantDefinition[];
}

/** A method of a runtime API. */
export interface ApiMethodDefinition {
  readonly name: string;
  readonly inputs: readonly (readonly [name: string, type: number])[];
  readonly output: number;
}

/** A runtime API and the version its id carries in the runtime version. */
export interface ApiDefinition {
  readonly name: string;
  readonly version: number;
  readonly methods: readonly ApiMethodDefinition[];
}

/** A signed extension: type inside the extrinsic, and type that is signed without being sent. */
export interface SignedExtensionDefinition {
  readonly identifier: string;
  readonly type: number;
  readonly additionalSigned: number;
}

/** Everything that metadata of any version is made of. */
export interface RuntimeDefinition {
  readonly version: RuntimeVersion;
  readonly types: PortableTypes;
  readonly pallets: readonly PalletDefinition[];
  readonly apis: readonly ApiDefinition[];
  readonly signedExtensions: readonly SignedExtensionDefinition[];
  readonly address: number;
  readonly call: number;
  readonly signature: number;
  readonly extra: number;
  readonly uncheckedExtrinsic: number;
  readonly runtime: number;
  readonly event: number;
  readonly error: number;
}

/** Builds the definition; the same one each time. */
export function defineRuntime(): RuntimeDefinition {
  const t = new PortableTypes();
  const u8 = t.primitive("U8");
  const u16 = t.primitive("U16");
  const u32 = t.primitive("U32");
  const u64 = t.primitive("U64");
  const u128 = t.primitive("U128");
  const i128 = t.primitive("I128");
  const bool = t.primitive("Bool");
  const str = t.primitive("Str");
  const unit = t.tuple();
  const bytes = t.sequence(u8);
  const bytes32 = t.array(32, u8);
  const bytes4 = t.array(4, u8);
  const compactU16 = t.compact(u16);
  const compactU32 = t.compact(u32);
  const compactU64 = t.compact(u64);
  const compactU128 = t.compact(u128);
  const accountId = t.composite("sp_core::crypto::AccountId32", [[null, bytes32, "[u8; 32]"]]);
  const h256 = t.composite("primitive_types::H256", [[null, bytes32, "[u8; 32]"]]);
  const runtime = t.composite("node_subtensor_runtime::Runtime", []);

  const weight = t.composite("sp_weights::weight_v2::Weight", [
    ["ref_time", compactU64, "u64"],
    ["proof_size", compactU64, "u64"],
  ]);
  const dispatchClass = t.variant("frame_support::dispatch::DispatchClass", [
    [0, "Normal"],
    [1, "Operational"],
    [2, "Mandatory"],
  ]);
  const pays = t.variant("frame_support::dispatch::Pays", [[0, "Yes"], [1, "No"]]);
  const dispatchInfo = t.composite("frame_system::DispatchEventInfo", [
    ["weight", weight, "Weight"],
    ["class", dispatchClass, "DispatchClass"],
    ["pays_fee", pays, "Pays"],
  ]);
  const moduleError = t.composite("sp_runtime::ModuleError", [
    ["index", u8, "u8"],
    ["error", bytes4, "[u8; MAX_MODULE_ERROR_ENCODED_SIZE]"],
  ]);
  const dispatchError = t.variant("sp_runtime::DispatchError", [
    [0, "Other"],
    [1, "CannotLookup"],
    [2, "BadOrigin"],
    [3, "Module", [[null, moduleError, "ModuleError"]]],
    [4, "ConsumerRemaining"],
    [5, "NoProviders"],
    [6, "TooManyConsumers"],
    [7, "Token", [[
      null,
      t.variant(
        "sp_runtime::TokenError",
        names(
          "FundsUnavailable OnlyProvider BelowMinimum CannotCreate UnknownAsset Frozen Unsupported CannotCreateHold NotExpendable Blocked",
        ),
      ),
      "TokenError",
    ]]],
    [8, "Arithmetic", [[
      null,
      t.variant("sp_arithmetic::ArithmeticError", names("Underflow Overflow DivisionByZero")),
      "ArithmeticError",
    ]]],
    [9, "Transactional", [[
      null,
      t.variant("sp_runtime::TransactionalError", names("LimitReached NoLayer")),
      "TransactionalError",
    ]]],
    [10, "Exhausted"],
    [11, "Corruption"],
    [12, "Unavailable"],
    [13, "RootNotAllowed"],
    [14, "Trie", [[
      null,
      t.variant(
        "sp_runtime::proving_trie::TrieError",
        names(
          "InvalidStateRoot IncompleteDatabase ValueAtIncompleteKey DecoderError InvalidHash DuplicateKey ExtraneousNode ExtraneousValue ExtraneousHashReference InvalidChildReference ValueMismatch IncompleteProof RootMismatch DecodeError",
        ),
      ),
      "TrieError",
    ]]],
  ]);

  const address = t.variant("sp_runtime::multiaddress::MultiAddress", [
    [0, "Id", [[null, accountId, "AccountId"]]],
    [1, "Index", [[null, t.compact(unit), "AccountIndex"]]],
    [2, "Raw", [[null, bytes, "Vec<u8>"]]],
    [3, "Address32", [[null, bytes32, "[u8; 32]"]]],
    [4, "Address20", [[null, t.array(20, u8), "[u8; 20]"]]],
  ], [["AccountId", accountId], ["AccountIndex", unit]]);
  const signature = t.variant("sp_runtime::MultiSignature", [
    [0, "Ed25519", [[null, t.array(64, u8), "ed25519::Signature"]]],
    [1, "Sr25519", [[null, t.array(64, u8), "sr25519::Signature"]]],
    [2, "Ecdsa", [[null, t.array(65, u8), "ecdsa::Signature"]]],
  ]);
  const era = t.variant("sp_runtime::generic::era::Era", [
    [0, "Immortal"],
    ...Array.from({ length: 255 }, (_, i): Variant => [i + 1, `Mortal${i + 1}`, [[null, u8]]]),
  ]);

  // Commitments ------------------------------------------------------------------------------------------
  const data = t.variant("pallet_commitments::types::Data", [
    [0, "None"],
    ...Array.from({ length: 129 }, (_, n): Variant => [n + 1, `Raw${n}`, [[null, t.array(n, u8)]]]),
    [130, "BlakeTwo256", [[null, bytes32]]],
    [131, "Sha256", [[null, bytes32]]],
    [132, "Keccak256", [[null, bytes32]]],
    [133, "ShaThree256", [[null, bytes32]]],
    [134, "TimelockEncrypted", [["encrypted", t.boundedVec(u8)], ["reveal_round", u64]]],
    [135, "ResetBondsFlag"],
    [136, "BigRaw", [[null, t.boundedVec(u8)]]],
  ]);
  const commitmentInfo = t.composite("pallet_commitments::types::CommitmentInfo", [
    ["fields", t.boundedVec(data), "BoundedVec<Data, FieldLimit>"],
  ], [["FieldLimit", null]]);
  const registration = t.composite("pallet_commitments::types::Registration", [
    ["deposit", u64, "Balance"],
    ["block", u32, "BlockNumber"],
    ["info", commitmentInfo, "CommitmentInfo<MaxFields>"],
  ], [["Balance", u64], ["MaxFields", null], ["BlockNumber", u32]]);
  const usageTracker = t.composite("pallet_commitments::types::UsageTracker", [
    ["last_epoch", u64, "u64"],
    ["used_space", u64, "u64"],
  ]);
  const commitmentsCall = t.variant("pallet_commitments::pallet::Call", [
    [0, "set_commitment", [["netuid", u16, "NetUid"], [
      "info",
      commitmentInfo,
      "Box<CommitmentInfo<T::MaxFields>>",
    ]]],
    [2, "set_max_space", [["new_limit", u32, "u32"]]],
  ], [["T", null]]);
  const commitmentsError = t.variant(
    "pallet_commitments::pallet::Error",
    names(
      "TooManyFieldsInCommitmentInfo AccountNotAllowedCommit SpaceLimitExceeded UnexpectedUnreserveLeftover",
    ),
    [["T", null]],
  );
  const commitmentsEvent = t.variant("pallet_commitments::pallet::Event", [
    [0, "Commitment", [["netuid", u16, "NetUid"], ["who", accountId, "T::AccountId"]]],
    [1, "TimelockCommitment", [["netuid", u16, "NetUid"], ["who", accountId, "T::AccountId"], [
      "reveal_round",
      u64,
      "u64",
    ]]],
    [2, "CommitmentRevealed", [["netuid", u16, "NetUid"], ["who", accountId, "T::AccountId"]]],
  ], [["T", null]]);

  // System, Timestamp ------------------------------------------------------------------------------------
  const systemCall = t.variant("frame_system::pallet::Call", [
    [0, "remark", [["remark", bytes, "Vec<u8>"]]],
    [7, "remark_with_event", [["remark", bytes, "Vec<u8>"]]],
  ], [["T", null]]);
  const systemError = t.variant(
    "frame_system::pallet::Error",
    names(
      "InvalidSpecName SpecVersionNeedsToIncrease FailedToExtractRuntimeVersion NonDefaultComposite NonZeroRefCount CallFiltered MultiBlockMigrationsOngoing NothingAuthorized Unauthorized",
    ),
    [["T", null]],
  );
  const systemEvent = t.variant("frame_system::pallet::Event", [
    [0, "ExtrinsicSuccess", [["dispatch_info", dispatchInfo, "DispatchEventInfo"]]],
    [1, "ExtrinsicFailed", [["dispatch_error", dispatchError, "DispatchError"], [
      "dispatch_info",
      dispatchInfo,
      "DispatchEventInfo",
    ]]],
    [2, "CodeUpdated"],
    [3, "NewAccount", [["account", accountId, "T::AccountId"]]],
    [4, "KilledAccount", [["account", accountId, "T::AccountId"]]],
    [5, "Remarked", [["sender", accountId, "T::AccountId"], ["hash", h256, "T::Hash"]]],
  ], [["T", null]]);
  const timestampCall = t.variant("pallet_timestamp::pallet::Call", [
    [0, "set", [["now", compactU64, "T::Moment"]]],
  ], [["T", null]]);

  const call = t.variant("node_subtensor_runtime::RuntimeCall", [
    [0, "System", [[null, systemCall]]],
    [2, "Timestamp", [[null, timestampCall]]],
    [18, "Commitments", [[null, commitmentsCall]]],
  ]);
  const event = t.variant("node_subtensor_runtime::RuntimeEvent", [
    [0, "System", [[null, systemEvent, "frame_system::Event<Runtime>"]]],
    [18, "Commitments", [[null, commitmentsEvent, "pallet_commitments::Event<Runtime>"]]],
  ]);
  const error = t.variant("node_subtensor_runtime::RuntimeError", [
    [0, "System", [[null, systemError, "frame_system::Error<Runtime>"]]],
    [18, "Commitments", [[null, commitmentsError, "pallet_commitments::Error<Runtime>"]]],
  ]);
  const phase = t.variant("frame_system::Phase", [
    [0, "ApplyExtrinsic", [[null, u32, "u32"]]],
    [1, "Finalization"],
    [2, "Initialization"],
  ]);
  const eventRecord = t.composite("frame_system::EventRecord", [
    ["phase", phase, "Phase"],
    ["event", event, "E"],
    ["topics", t.sequence(h256), "Vec<T>"],
  ], [["E", event], ["T", h256]]);
  const accountData = t.composite("pallet_balances::types::AccountData", [
    ["free", u64, "Balance"],
    ["reserved", u64, "Balance"],
    ["frozen", u64, "Balance"],
    ["flags", t.composite("pallet_balances::types::ExtraFlags", [[null, u128, "u128"]]), "ExtraFlags"],
  ], [["Balance", u64]]);
  const accountInfo = t.composite("frame_system::AccountInfo", [
    ["nonce", u32, "Nonce"],
    ["consumers", u32, "RefCount"],
    ["providers", u32, "RefCount"],
    ["sufficients", u32, "RefCount"],
    ["data", accountData, "AccountData"],
  ], [["Nonce", u32], ["AccountData", accountData]]);
  const runtimeVersion = t.composite("sp_version::RuntimeVersion", [
    ["spec_name", str, "Cow<'static, str>"],
    ["impl_name", str, "Cow<'static, str>"],
    ["authoring_version", u32, "u32"],
    ["spec_version", u32, "u32"],
    ["impl_version", u32, "u32"],
    [
      "apis",
      t.composite("Cow", [[null, t.sequence(t.tuple(t.array(8, u8), u32))]], [[
        "T",
        t.sequence(t.tuple(t.array(8, u8), u32)),
      ]]),
      "ApisVec",
    ],
    ["transaction_version", u32, "u32"],
    ["system_version", u8, "u8"],
  ]);

  // Runtime API results ----------------------------------------------------------------------------------
  const axonInfo = t.composite("pallet_subtensor::pallet::AxonInfo", [
    ["block", u64, "u64"],
    ["version", u32, "u32"],
    ["ip", u128, "u128"],
    ["port", u16, "u16"],
    ["ip_type", u8, "u8"],
    ["protocol", u8, "u8"],
    ["placeholder1", u8, "u8"],
    ["placeholder2", u8, "u8"],
  ]);
  const prometheusInfo = t.composite("pallet_subtensor::pallet::PrometheusInfo", [
    ["block", u64, "u64"],
    ["version", u32, "u32"],
    ["ip", u128, "u128"],
    ["port", u16, "u16"],
    ["ip_type", u8, "u8"],
  ]);
  const neuronInfoLite = t.composite("pallet_subtensor::rpc_info::neuron_info::NeuronInfoLite", [
    ["hotkey", accountId, "AccountId"],
    ["coldkey", accountId, "AccountId"],
    ["uid", compactU16, "Compact<u16>"],
    ["netuid", compactU16, "Compact<NetUid>"],
    ["active", bool, "bool"],
    ["axon_info", axonInfo, "AxonInfo"],
    ["prometheus_info", prometheusInfo, "PrometheusInfo"],
    ["stake", t.sequence(t.tuple(accountId, compactU64)), "Vec<(AccountId, Compact<AlphaCurrency>)>"],
    ["rank", compactU16, "Compact<u16>"],
    ["emission", compactU64, "Compact<AlphaCurrency>"],
    ["incentive", compactU16, "Compact<u16>"],
    ["consensus", compactU16, "Compact<u16>"],
    ["trust", compactU16, "Compact<u16>"],
    ["validator_trust", compactU16, "Compact<u16>"],
    ["dividends", compactU16, "Compact<u16>"],
    ["last_update", compactU64, "Compact<u64>"],
    ["validator_permit", bool, "bool"],
    ["pruning_score", compactU16, "Compact<u16>"],
  ], [["AccountId", accountId]]);
  const subnetIdentity = t.composite(
    "pallet_subtensor::pallet::SubnetIdentityV3",
    "subnet_name github_repo subnet_contact subnet_url discord description logo_url additional"
      .split(" ").map((name): Field => [name, bytes, "Vec<u8>"]),
  );
  const dynamicInfo = t.composite("pallet_subtensor::rpc_info::dynamic_info::DynamicInfo", [
    ["netuid", compactU16, "Compact<NetUid>"],
    ["owner_hotkey", accountId, "AccountId"],
    ["owner_coldkey", accountId, "AccountId"],
    ["subnet_name", t.sequence(t.compact(u8)), "Vec<Compact<u8>>"],
    ["token_symbol", t.sequence(t.compact(u8)), "Vec<Compact<u8>>"],
    ["tempo", compactU16, "Compact<u16>"],
    ["last_step", compactU64, "Compact<u64>"],
    ["blocks_since_last_step", compactU64, "Compact<u64>"],
    ["emission", compactU64, "Compact<u64>"],
    ["alpha_in", compactU64, "Compact<AlphaCurrency>"],
    ["alpha_out", compactU64, "Compact<AlphaCurrency>"],
    ["tao_in", compactU64, "Compact<TaoCurrency>"],
    ["alpha_out_emission", compactU64, "Compact<AlphaCurrency>"],
    ["alpha_in_emission", compactU64, "Compact<AlphaCurrency>"],
    ["tao_in_emission", compactU64, "Compact<TaoCurrency>"],
    ["pending_alpha_emission", compactU64, "Compact<AlphaCurrency>"],
    ["pending_root_emission", compactU64, "Compact<TaoCurrency>"],
    ["subnet_volume", compactU128, "Compact<u128>"],
    ["network_registered_at", compactU64, "Compact<u64>"],
    ["subnet_identity", t.option(subnetIdentity), "Option<SubnetIdentityV3>"],
    [
      "moving_price",
      t.composite("substrate_fixed::FixedI128", [["bits", i128, "i128"]], [["Frac", null]]),
      "I96F32",
    ],
  ], [["AccountId", accountId]]);
  const u16s = (...list: string[]): Field[] => list.map((name) => [name, compactU16, "Compact<u16>"]);
  const u64s = (...list: string[]): Field[] => list.map((name) => [name, compactU64, "Compact<u64>"]);
  const flag = (name: string): Field => [name, bool, "bool"];
  const subnetHyperparams = t.composite("pallet_subtensor::rpc_info::subnet_info::SubnetHyperparams", [
    ...u16s("rho", "kappa", "immunity_period", "min_allowed_weights", "max_weights_limit", "tempo"),
    ...u64s("min_difficulty", "max_difficulty", "weights_version", "weights_rate_limit"),
    ...u16s("adjustment_interval", "activity_cutoff"),
    flag("registration_allowed"),
    ...u16s("target_regs_per_interval"),
    ...u64s("min_burn", "max_burn", "bonds_moving_avg"),
    ...u16s("max_regs_per_block"),
    ...u64s("serving_rate_limit"),
    ...u16s("max_validators"),
    ...u64s("adjustment_alpha", "difficulty", "commit_reveal_period"),
    flag("commit_reveal_weights_enabled"),
    ...u16s("alpha_high", "alpha_low"),
    flag("liquid_alpha_enabled"),
  ]);
  const runtimeDispatchInfo = t.composite("pallet_transaction_payment::types::RuntimeDispatchInfo", [
    ["weight", weight, "Weight"],
    ["class", dispatchClass, "DispatchClass"],
    ["partial_fee", u64, "Balance"],
  ], [["Balance", u64], ["Weight", weight]]);
  const opaqueMetadata = t.composite("sp_core::OpaqueMetadata", [[null, bytes, "Vec<u8>"]]);

  // Extrinsic --------------------------------------------------------------------------------------------
  const systemExtension = (name: string, fields: readonly Field[] = []): number =>
    t.composite(`frame_system::extensions::${name}`, fields, [["T", null]]);
  const signedExtensions: SignedExtensionDefinition[] = [
    {
      identifier: "CheckNonZeroSender",
      type: systemExtension("check_non_zero_sender::CheckNonZeroSender"),
      additionalSigned: unit,
    },
    {
      identifier: "CheckSpecVersion",
      type: systemExtension("check_spec_version::CheckSpecVersion"),
      additionalSigned: u32,
    },
    {
      identifier: "CheckTxVersion",
      type: systemExtension("check_tx_version::CheckTxVersion"),
      additionalSigned: u32,
    },
    {
      identifier: "CheckGenesis",
      type: systemExtension("check_genesis::CheckGenesis"),
      additionalSigned: h256,
    },
    {
      identifier: "CheckMortality",
      type: systemExtension("check_mortality::CheckMortality", [[null, era, "Era"]]),
      additionalSigned: h256,
    },
    {
      identifier: "CheckNonce",
      type: t.composite("node_subtensor_runtime::check_nonce::CheckNonce", [[null, compactU32, "T::Nonce"]], [
        ["T", null],
      ]),
      additionalSigned: unit,
    },
    {
      identifier: "CheckWeight",
      type: systemExtension("check_weight::CheckWeight"),
      additionalSigned: unit,
    },
    {
      identifier: "ChargeTransactionPayment",
      type: t.composite("pallet_transaction_payment::ChargeTransactionPayment", [[
        null,
        compactU64,
        "BalanceOf<T>",
      ]], [["T", null]]),
      additionalSigned: unit,
    },
    {
      identifier: "SubtensorTransactionExtension",
      type: t.composite("pallet_subtensor::transaction_extension::SubtensorTransactionExtension", [], [
        ["T", runtime],
      ]),
      additionalSigned: unit,
    },
    {
      identifier: "DrandPriority",
      type: t.composite("pallet_drand::drand_priority::DrandPriority", [], [["T", runtime]]),
      additionalSigned: unit,
    },
    {
      identifier: "CheckMetadataHash",
      type: t.composite("frame_metadata_hash_extension::CheckMetadataHash", [[
        "mode",
        t.variant("frame_metadata_hash_extension::Mode", [[0, "Disabled"], [1, "Enabled"]]),
        "Mode",
      ]], [["T", null]]),
      additionalSigned: t.option(bytes32),
    },
  ];
  const extra = t.tuple(...signedExtensions.map((extension) => extension.type));
  const uncheckedExtrinsic = t.composite(
    "sp_runtime::generic::unchecked_extrinsic::UncheckedExtrinsic",
    [[null, bytes]],
    [["Address", address], ["Call", call], ["Signature", signature], ["Extra", extra]],
  );

  const plain = (name: string, value: number, fallback: string | null): StorageDefinition => ({
    name,
    modifier: fallback === null ? "Optional" : "Default",
    hashers: [],
    key: null,
    value,
    fallback: fallback ?? "0x00",
  });
  const map = (
    name: string,
    keys: readonly (readonly [hasher: string, type: number])[],
    value: number,
    fallback: string | null,
  ): StorageDefinition => ({
    ...plain(name, value, fallback),
    hashers: keys.map(([hasher]) => hasher),
    key: keys.length === 1 ? keys[0]![1] : t.tuple(...keys.map(([, type]) => type)),
  });
  const zeros = (length: number): string => `0x${"00".repeat(length)}`;
  const byNetuid = ["Identity", u16] as const;

  const method = (
    name: string,
    inputs: readonly (readonly [string, number])[],
    output: number,
  ): ApiMethodDefinition => ({ name, inputs, output });
  const apis: ApiDefinition[] = [
    { name: "Core", version: 5, methods: [method("version", [], runtimeVersion)] },
    {
      name: "Metadata",
      version: 2,
      methods: [
        method("metadata", [], opaqueMetadata),
        method("metadata_at_version", [["version", u32]], t.option(opaqueMetadata)),
        method("metadata_versions", [], t.sequence(u32)),
      ],
    },
    {
      name: "AccountNonceApi",
      version: 1,
      methods: [method("account_nonce", [["account", accountId]], u32)],
    },
    {
      name: "TransactionPaymentApi",
      version: 4,
      methods: [method("query_info", [["uxt", uncheckedExtrinsic], ["len", u32]], runtimeDispatchInfo)],
    },
    {
      name: "NeuronInfoRuntimeApi",
      version: 1,
      methods: [
        method("get_neurons_lite", [["netuid", u16]], t.sequence(neuronInfoLite)),
        method("get_neuron_lite", [["netuid", u16], ["uid", u16]], t.option(neuronInfoLite)),
      ],
    },
    {
      name: "SubnetInfoRuntimeApi",
      version: 1,
      methods: [
        method("get_subnet_hyperparams", [["netuid", u16]], t.option(subnetHyperparams)),
        method("get_dynamic_info", [["netuid", u16]], t.option(dynamicInfo)),
      ],
    },
  ];

  const version = builtinVersion(apis);

  const pallets: PalletDefinition[] = [
    {
      name: "System",
      index: 0,
      calls: systemCall,
      events: systemEvent,
      errors: systemError,
      storage: [
        map("Account", [["Blake2_128Concat", accountId]], accountInfo, zeros(56)),
        map("BlockHash", [["Twox64Concat", u32]], h256, zeros(32)),
        plain("Number", u32, zeros(4)),
        plain("ParentHash", h256, zeros(32)),
        plain("Events", t.sequence(eventRecord), "0x00"),
        plain("EventCount", u32, zeros(4)),
      ],
      constants: [
        { name: "BlockHashCount", type: u32, value: "0x60090000" },
        { name: "Version", type: runtimeVersion, value: encodeVersion(version) },
        { name: "SS58Prefix", type: u16, value: "0x2a00" },
      ],
    },
    {
      name: "Timestamp",
      index: 2,
      calls: timestampCall,
      events: null,
      errors: null,
      storage: [plain("Now", u64, zeros(8)), plain("DidUpdate", bool, "0x00")],
      constants: [{ name: "MinimumPeriod", type: u64, value: "0x7017000000000000" }],
    },
    {
      name: "SubtensorModule",
      index: 7,
      calls: null,
      events: null,
      errors: null,
      storage: [
        map("Owner", [["Blake2_128Concat", accountId]], accountId, zeros(32)),
        plain("TotalNetworks", u16, zeros(2)),
        map("Tempo", [byNetuid], u16, "0x6801"),
        map("SubnetworkN", [byNetuid], u16, zeros(2)),
        map("NetworksAdded", [byNetuid], bool, "0x00"),
        map("Uids", [byNetuid, ["Blake2_128Concat", accountId]], u16, null),
        map("Keys", [byNetuid, ["Identity", u16]], accountId, zeros(32)),
        map("MechanismCountCurrent", [["Twox64Concat", u16]], u8, "0x01"),
        map("MechanismEmissionSplit", [["Twox64Concat", u16]], t.sequence(u16), null),
        map("SubnetOwnerHotkey", [byNetuid], accountId, zeros(32)),
        map("RevealPeriodEpochs", [["Twox64Concat", u16]], u64, "0x0100000000000000"),
        map(
          "TimelockedWeightCommits",
          [["Twox64Concat", u16], ["Twox64Concat", u64]],
          t.sequence(t.tuple(accountId, u64, t.boundedVec(u8), u64)),
          "0x00",
        ),
        map("Weights", [byNetuid, ["Identity", u16]], t.sequence(t.tuple(u16, u16)), "0x00"),
        map("Incentive", [byNetuid], t.sequence(u16), "0x00"),
        map("Emission", [byNetuid], t.sequence(u64), "0x00"),
        // The real name is misspelt.
        map("LastMechansimStepBlock", [byNetuid], u64, zeros(8)),
      ],
      constants: [],
    },
    {
      name: "Commitments",
      index: 18,
      calls: commitmentsCall,
      events: commitmentsEvent,
      errors: commitmentsError,
      storage: [
        map("CommitmentOf", [byNetuid, ["Twox64Concat", accountId]], registration, null),
        map("LastCommitment", [byNetuid, ["Twox64Concat", accountId]], u32, null),
        map("UsedSpaceOf", [byNetuid, ["Twox64Concat", accountId]], usageTracker, null),
        plain("MaxSpace", u32, "0x1c0c0000"),
      ],
      constants: [
        { name: "MaxFields", type: u32, value: "0x03000000" },
        { name: "InitialDeposit", type: u64, value: zeros(8) },
        { name: "FieldDeposit", type: u64, value: zeros(8) },
      ],
    },
  ];

  return {
    version,
    types: t,
    pallets,
    apis,
    signedExtensions,
    address,
    call,
    signature,
    extra,
    uncheckedExtrinsic,
    runtime,
    event,
    error,
  };
}

function names(list: string): Variant[] {
  return list.split(" ").map((name, index): Variant => [index, name]);
}
