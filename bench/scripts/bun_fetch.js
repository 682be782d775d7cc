// bun bun_fetch.js URL FILE: a download, as the original jack does it.
const [url, path] = process.argv.slice(2);

const response = await fetch(url);
if (!response.ok) throw new Error(`status ${response.status}`);
const writer = Bun.file(path).writer({ highWaterMark: 1024 * 1024 });
for await (const chunk of response.body) {
  writer.write(chunk);
  await writer.flush();
}
await writer.end();
