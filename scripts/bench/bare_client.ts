/**
 * The floor: a client that only asks, one question after the other, and reads the answers as text.
 *
 *     bare_client.ts URL FILE
 *
 * `FILE` holds the questions that a run of the agent asked: a JSON list of JSON-RPC texts.
 *
 * @module
 */

const [url, path] = Deno.args;
const questions: string[] = JSON.parse(await Deno.readTextFile(path!));
const socket = new WebSocket(url!);
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = () => reject(new Error(`Cannot connect to ${url}`));
});
for (const question of questions) {
  const { id } = JSON.parse(question);
  const answered = new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      if (JSON.parse(data).id === id) resolve();
    };
  });
  socket.send(question);
  await answered;
}
socket.close();
