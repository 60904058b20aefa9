/**
 * Running the tools that a build needs: deno, npm, tar, git.
 *
 * @module
 */

/** What a tool printed. */
export interface ToolOutput {
  readonly success: boolean;
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** stdout as text, trimmed. */
  readonly text: string;
  /** stderr as text, trimmed. */
  readonly errorText: string;
}

/**
 * Runs a tool to its end.
 *
 * @throws {Deno.errors.NotFound} when it is not installed.
 */
export async function runTool(
  program: string,
  args: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv"> = {},
): Promise<ToolOutput> {
  const { success, stdout, stderr } = await new Deno.Command(program, { ...options, args: [...args] })
    .output();
  const decoder = new TextDecoder();
  return { success, stdout, text: decoder.decode(stdout).trim(), errorText: decoder.decode(stderr).trim() };
}
