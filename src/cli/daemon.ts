/**
 * `ih-miner [CONFIG]`: the agent as a service.
 *
 * @module
 */

import { Alerter } from "../operator/alerts/alerter.ts";
import { readEnvironment } from "../config/environment.ts";
import { osConfigFiles } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { type DaemonControl, runDaemon } from "../agent/daemon.ts";
import type { DaemonEvent } from "../agent/events.ts";
import { hostClock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { describeError } from "../lib/errors.ts";
import { Telemetry } from "../operator/status/telemetry.ts";
import type { Command } from "./arguments.ts";
import { EXIT_DONE, EXIT_JOB_FAILED, exitCodeOf } from "./exit_codes.ts";

/** How long a stop waits for alerts. */
const ALERT_PATIENCE_MS = 1_000;

/** Runs until SIGTERM or SIGINT; SIGHUP runs both jobs now. Returns the exit code. */
export async function runAgent(
  { configPath }: Extract<Command, { name: "daemon" }>,
  log: Logger,
): Promise<number> {
  const stop = new AbortController();
  let control: DaemonControl | null = null;
  const onStop = (): void => stop.abort();
  const onHangUp = (): void => control?.runNow();
  Deno.addSignalListener("SIGTERM", onStop);
  Deno.addSignalListener("SIGINT", onStop);
  Deno.addSignalListener("SIGHUP", onHangUp);
  try {
    const environment = readEnvironment();
    await using telemetry = new Telemetry({ log, clock: hostClock });
    const alerter = new Alerter({
      log: telemetry.log,
      report: () => telemetry.report(),
      clock: hostClock,
      onTried: (error, isLost) => telemetry.observe({ kind: "alert-tried", error, isLost }),
    });
    const observe = (event: DaemonEvent): void => {
      telemetry.observe(event);
      alerter.observe(event);
    };
    const { stuckWorker } = await runDaemon({
      configPath: locateConfig(configPath, environment, osConfigFiles.exists),
      environment,
      log: telemetry.log,
      signal: stop.signal,
      observe,
      onReady: (ready) => control = ready,
    });
    await alerter.stop(ALERT_PATIENCE_MS);
    // Only a restart by the supervisor gets rid of a worker that this runtime cannot end.
    return stuckWorker ? EXIT_JOB_FAILED : EXIT_DONE;
  } catch (error) {
    const { name, message } = describeError(error);
    log.error("Agent cannot start", { error_name: name, error: message });
    return exitCodeOf(error);
  } finally {
    Deno.removeSignalListener("SIGTERM", onStop);
    Deno.removeSignalListener("SIGINT", onStop);
    Deno.removeSignalListener("SIGHUP", onHangUp);
  }
}
