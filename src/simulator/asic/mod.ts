/**
 * A stand-in for miners with the cgminer API over real TCP, for tests and demonstrations.
 *
 * @module
 */

export { FIRMWARE_DIALECTS, type FirmwareDialect } from "./dialect.ts";
export type { MinerFault } from "./fault.ts";
export { SimulatedMiner, type SimulatedMinerOptions } from "./miner.ts";
export { MinerServer, type MinerServerOptions, startMiner } from "./server.ts";
