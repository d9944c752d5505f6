"""MADlib's calls with the PostgreSQL client of that name: clients.py NAME PORT DATABASE."""

import asyncio
import json
import sys
import threading

name, port, database = sys.argv[1], int(sys.argv[2]), sys.argv[3]
server = dict(host="127.0.0.1", port=port, user="postgres")
arch = open("cmd/beamfit/internal/iris/iris_mlp.json").read()
params = "loss='categorical_crossentropy', optimizer='adam'"
fit = "SELECT madlib.madlib_keras_fit({0},{1},{2},{3},{4},{5},{6})"


def check(ok, *what):
    if not ok:
        raise SystemExit(f"{name}: {what}")


def dbapi(connect, sqlstate, notices, mark="%s"):
    """What a client with the interface of PEP 249 does; everything is one transaction until commit."""
    c = connect()
    cur = c.cursor()
    cur.execute("SELECT setseed(0.5)")
    cur.execute(f"SELECT madlib.training_preprocessor_dl({mark},{mark},{mark},{mark},{mark})", ("iris", "packed", "class_text", "attributes", None))
    check(cur.fetchall() == [("",)] or name == "pg8000", "the answer is not one empty row")
    cur.execute(f"SELECT madlib.load_keras_model({mark}, {mark}::json, {mark}, {mark})", ("arch", arch, None, "it's a name"))
    values = ("packed", "model", "arch", 1, params, None, 3)
    cur.execute(fit.format(*[mark] * 7), values)
    check(any("iteration 3 of 3" in str(n) for n in notices(c)), "no message", notices(c))
    c.commit()
    for k in range(7):  # clients prepare what they run often
        cur.execute("DROP TABLE IF EXISTS evaluated")
        cur.execute(f"SELECT madlib.madlib_keras_evaluate({mark},{mark},{mark})", ("model", "packed", "evaluated"))
    for kind, rows in (("prob", 450), ("response", 150), (2, 300)):
        if name == "pg8000" and kind == 2:
            continue  # it gives numbers no type, and '2' is no pred_type
        cur.execute("DROP TABLE IF EXISTS predicted")
        cur.execute(f"SELECT madlib.madlib_keras_predict({mark},{mark},{mark},{mark},{mark},{mark})", ("model", "iris", "id", "attributes", "predicted", kind))
        cur.execute("SELECT count(*) FROM predicted")
        check(tuple(cur.fetchone()) == (rows,), kind)
    cur.execute("UPDATE arch SET model_weights = (SELECT model_weights FROM model)")
    cur.execute(
        f"SELECT madlib.madlib_keras_predict_byom({mark},{mark},{mark},{mark},{mark},{mark},{mark},FALSE,{mark})",
        ("arch", 1, "iris", "id", "attributes", "byom", "response", [["a", "b, c", 'd"e']]),
    )
    cur.execute("SELECT count(*) FROM byom WHERE class_value IN ('a', 'b, c', 'd\"e')")
    check(tuple(cur.fetchone()) == (150,), "byom")
    c.rollback()
    cur.execute("SELECT to_regclass('evaluated'), to_regclass('predicted'), to_regclass('byom')")
    check(tuple(cur.fetchone()) == (None, None, None), "tables outlive the rollback")
    try:
        cur.execute("SELECT madlib.madlib_keras_evaluate('nothing','packed','evaluated')")
        check(False, "no error")
    except Exception as e:
        check(sqlstate(e) == "42P01", sqlstate(e), e)
    c.rollback()
    return c, cur


def cancels(c, cur, sqlstate):
    threading.Timer(1, c.cancel).start()
    try:
        cur.execute(fit.format(*["%s"] * 7), ("packed", "long", "arch", 1, params, "epochs=50", 1000000))
        check(False, "not cancelled")
    except Exception as e:
        check(sqlstate(e) == "57014", sqlstate(e), e)
    c.rollback()
    cur.execute("SELECT to_regclass('long')")
    check(cur.fetchone() == (None,), "a cancelled model is there")
    c.rollback()


def psycopg2():
    import psycopg2

    code = lambda e: e.pgcode
    c, cur = dbapi(lambda: psycopg2.connect(dbname=database, **server), code, lambda c: c.notices)
    cancels(c, cur, code)
    c.close()


def psycopg():
    import psycopg

    code = lambda e: e.sqlstate
    said = []

    def connect(**kw):
        c = psycopg.connect(dbname=database, **server, **kw)
        c.add_notice_handler(lambda d: said.append(d.message_primary))
        return c

    c, cur = dbapi(connect, code, lambda c: said)
    cancels(c, cur, code)
    c.close()
    with connect(autocommit=True) as c:
        with c.pipeline():
            c.execute("CREATE TABLE piped AS SELECT * FROM iris")
            c.execute("SELECT madlib.training_preprocessor_dl('piped','piped_packed','class_text','attributes')")
            counted = c.execute("SELECT count(*) > 0 FROM piped_packed")
        check(counted.fetchone() == (True,), "pipeline")
        with c.cursor() as cur, cur.copy("COPY iris TO STDOUT") as copy:
            check(sum(1 for _ in copy.rows()) == 150, "copy")
        c.execute("DROP TABLE piped, piped_packed, piped_packed_summary")
    with connect(autocommit=True, prepare_threshold=0) as c:
        for _ in range(3):
            c.execute("DROP TABLE IF EXISTS evaluated")
            c.execute("SELECT madlib.madlib_keras_evaluate(%s,%s,%s)", ("model", "packed", "evaluated"))
        weights = c.execute("SELECT model_weights FROM model").fetchone()[0]
        c.execute("SELECT madlib.load_keras_model(%s, %s::json, %b)", ("arch", arch, weights))
        check(c.execute("SELECT count(DISTINCT model_weights) FROM arch").fetchone() == (1,), "binary weights")


def asyncpg():
    import asyncpg

    async def go():
        c = await asyncpg.connect(database=database, **server)
        said = []
        c.add_log_listener(lambda _, m: said.append(m.message))
        await c.fetch("SELECT madlib.training_preprocessor_dl($1,$2,$3,$4,$5,$6)", "iris", "packed", "class_text", "attributes", 60, 2.0)
        await c.fetch("SELECT madlib.load_keras_model($1,$2::json,$3,$4)", "arch", arch, None, "name")
        s = await c.prepare("SELECT madlib.madlib_keras_fit($1,$2,$3,$4,$5,$6,$7)")
        check([p.name for p in s.get_parameters()][3] == "int4", "the type of a parameter")
        await s.fetch("packed", "model", "arch", 1, params, None, 3)
        await asyncio.sleep(0)
        check(any("iteration 3 of 3" in m for m in said), "no message", said)
        try:
            async with c.transaction():
                await c.fetch("SELECT madlib.madlib_keras_evaluate($1,$2,$3)", "model", "packed", "evaluated")
                await c.fetch("SELECT madlib.madlib_keras_evaluate($1,$2,$3)", "model", "packed", "evaluated")
        except asyncpg.exceptions.DuplicateTableError:
            pass
        check(await c.fetchval("SELECT to_regclass('evaluated')") is None, "rollback")
        try:
            await asyncio.wait_for(c.fetch("SELECT madlib.madlib_keras_fit($1,$2,$3,$4,$5,$6,$7)", "packed", "long", "arch", 1, params, "epochs=50", 1000000), 1)
            check(False, "not cancelled")
        except asyncio.TimeoutError:
            pass
        check(await c.fetchval("SELECT to_regclass('long')") is None, "cancelled")
        await c.close()

    asyncio.run(go())


def sqlalchemy():
    from sqlalchemy import create_engine, text

    for driver in ("psycopg2", "psycopg"):
        e = create_engine(f"postgresql+{driver}://postgres@127.0.0.1:{port}/{database}")
        with e.begin() as c:
            c.execute(text("DROP TABLE IF EXISTS packed, packed_summary"))
            c.execute(text("SELECT madlib.training_preprocessor_dl(:s,:o,:d,:i)"), dict(s="iris", o="packed", d="class_text", i="attributes"))
        with e.connect() as c:
            check(c.execute(text("SELECT count(*) > 0 FROM packed")).scalar(), driver)
            c.execute(text("SELECT madlib.load_keras_model('arch', CAST(:a AS json))"), dict(a=json.dumps(json.loads(arch))))
        with e.connect() as c:
            check(c.execute(text("SELECT to_regclass('arch')")).scalar() is None, "rollback")
        e.dispose()


def pg8000():
    import pg8000.dbapi

    pg8000.dbapi.paramstyle = "format"
    code = lambda e: e.args[0]["C"]
    c, _ = dbapi(lambda: pg8000.dbapi.connect(database=database, **server), code, lambda c: list(c.notices))
    c.close()


globals()[name]()
