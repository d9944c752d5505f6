// MADlib's calls with node-postgres: clients.mjs PORT DATABASE ARCH.json
import fs from "node:fs";
import pg from "pg";

const [port, database, file] = process.argv.slice(2);
const arch = fs.readFileSync(file, "utf8");
const params = "loss='categorical_crossentropy', optimizer='adam'";
const check = (ok, what) => { if (!ok) { console.error("node:", what); process.exit(1); } };
const connect = async () => { const c = new pg.Client({ host: "127.0.0.1", port: +port, user: "postgres", database }); await c.connect(); return c; };

const c = await connect();
const said = [];
c.on("notice", (n) => said.push(n.message));
await c.query("SELECT madlib.training_preprocessor_dl($1,$2,$3,$4,$5)", ["iris", "packed", "class_text", "attributes", 60]);
await c.query("SELECT madlib.load_keras_model($1,$2::json,$3,$4)", ["arch", arch, null, "name"]);
await c.query({ name: "fit", text: "SELECT madlib.madlib_keras_fit($1,$2,$3,$4,$5,$6,$7)", values: ["packed", "model", "arch", 1, params, null, 3] });
check(said.some((m) => m.includes("iteration 3 of 3")), said);
const answer = await c.query("SELECT madlib.madlib_keras_evaluate($1,$2,$3); SELECT 1 AS one".replace("$1,$2,$3", "'model','packed','evaluated'"));
check(answer.length === 2 && answer[0].rows.length === 1 && answer[1].rows[0].one === 1, answer);
await c.query("BEGIN");
await c.query("SELECT madlib.madlib_keras_predict('model','iris','id','attributes','predicted',0.5)");
await c.query("ROLLBACK");
check((await c.query("SELECT to_regclass('predicted') AS t")).rows[0].t === null, "rollback");
await c.query("SELECT madlib.madlib_keras_evaluate('nothing','packed','e')").then(() => check(false, "no error"), (e) => check(e.code === "42P01", e));

const other = await connect();
const pid = (await c.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
const long = c.query("SELECT madlib.madlib_keras_fit('packed','long','arch',1,$1,'epochs=50',1000000)", [params]);
await new Promise((done) => setTimeout(done, 1000));
await other.query("SELECT pg_terminate_backend($1)", [pid]);
c.on("error", () => {});
await long.then(() => check(false, "not ended"), (e) => check(e.code === "57P01", e));
check((await other.query("SELECT to_regclass('long') AS t")).rows[0].t === null, "ended");
await other.end();
