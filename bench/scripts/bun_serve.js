// bun bun_serve.js PORT FOLDER: files, as the original jack serves them.
const [port, folder] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  fetch: (request) => new Response(Bun.file(folder + decodeURIComponent(new URL(request.url).pathname))),
});
