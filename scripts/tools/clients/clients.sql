-- What clients.py does, in psql.
SELECT setseed(0.5);
SELECT madlib.training_preprocessor_dl('iris', 'packed', 'class_text', 'attributes');
SELECT madlib.load_keras_model('arch', :'arch'::json, NULL, 'psql''s');
SELECT madlib.madlib_keras_fit('packed', 'model', 'arch', 1, $$ loss='categorical_crossentropy', optimizer='adam' $$, 'epochs=2', 3) AS trained \gset
SELECT madlib.madlib_keras_evaluate('model', 'packed', 'evaluated') \; SELECT count(*) = 1 AS evaluated FROM evaluated \gset
\if :evaluated
\else
  \warn no row
  SELECT 1 / 0; -- \q has no exit status
\endif
SELECT madlib.madlib_keras_predict('model', 'iris', 'id', 'attributes', 'predicted', 2) \gdesc
\set AUTOCOMMIT off
\set ON_ERROR_ROLLBACK on
\set ON_ERROR_STOP off
SELECT madlib.madlib_keras_predict('model', 'iris', 'id', 'attributes', 'predicted', 2);
SELECT madlib.madlib_keras_predict('model', 'iris', 'id', 'attributes', 'predicted', 2);
\if :ERROR
\else
  \warn no error
  \set ON_ERROR_STOP on
  SELECT 1 / 0;
\endif
SELECT :'LAST_ERROR_SQLSTATE' = '42P07' AS exists, count(*) = 300 AS rows FROM predicted \gset
ROLLBACK;
\set ON_ERROR_STOP on
SELECT to_regclass('predicted') IS NULL AS gone \gset
SELECT 1 / (:'exists' AND :'rows' AND :'gone')::int;
