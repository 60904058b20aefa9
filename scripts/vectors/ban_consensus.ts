import { z } from "zod";
import { bannedHotkeys } from "../../src/auction/protocol/ban_consensus.ts";
import { compareByCodePoint } from "../../src/auction/protocol/python_text.ts";
import { findValidators } from "../../src/auction/protocol/validators.ts";
import { commitments, neurons, type VectorChecker } from "./checker.ts";
import { weighNeurons } from "./price_consensus.ts";

const input = z.strictObject({ commitments, neurons });

/** `ban-consensus.json` */
export const banConsensus: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    const validators = findValidators(request.commitments, weighNeurons(request.neurons));
    return [...bannedHotkeys(validators, request.neurons).keys()].sort(compareByCodePoint);
  },
};
