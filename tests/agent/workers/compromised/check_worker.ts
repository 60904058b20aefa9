import "../../../../src/agent/workers/seal.ts";
import "./package.ts";
import "../../../../src/operator/check/check_worker.ts";
