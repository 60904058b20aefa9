import "../../../../src/agent/workers/seal.ts";
import "./package.ts";
import "../../../../src/agent/workers/commitment_worker.ts";
