// A program in the place of a service. What it answers to a request says who and what it is.
//   node program.mjs [stubborn] [parent]     stubborn: does not end when asked to; parent: has one that listens for it
import { spawn } from "node:child_process";
import { createServer, get } from "node:http";

const words = process.argv.slice(2);
if (words.includes("stubborn")) for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => {});
if (words.includes("parent")) {
  const rest = words.filter((word) => word !== "parent");
  spawn(process.execPath, [process.argv[1], ...rest], { stdio: "inherit" });
} else {
  const { PORT, HOST } = process.env;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://program");
    response.setHeader("content-type", "application/json");
    if (pathname === "/end") {
      response.end("{}", () => process.exit(Number(searchParams.get("code"))));
    } else if (pathname === "/reach") {
      // What another service says to this program, by the address that its environment names.
      const address = `${process.env[searchParams.get("of")]}/health/live`;
      get(address, (answer) => response.end(JSON.stringify({ status: answer.statusCode }))).on(
        "error",
        (error) => response.end(JSON.stringify({ status: error.code })),
      );
    } else {
      response.end(JSON.stringify({ program: process.pid, parent: process.ppid, env: process.env }));
    }
  });
  server.listen(Number(PORT), HOST);
}
