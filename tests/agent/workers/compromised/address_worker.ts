import "../../../../src/agent/workers/seal.ts";
import "./package.ts";
import "../../../../src/agent/workers/address_worker.ts";
