-- Schema of hpod's SQLite storage; PRAGMA user_version is its number. docs/storage.md explains it for readers.
-- Times are microseconds since 1970 (UTC). Columns of type ANY hold doubles; those that SQLite would change are text:
-- 'NaN', 'Infinity', '-Infinity', '-0.0'.

CREATE TABLE studies (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  directions TEXT NOT NULL,          -- JSON: ["minimize", ...]
  sampler TEXT NOT NULL,
  sampler_options TEXT NOT NULL,     -- JSON object
  pruner TEXT NOT NULL,
  pruner_options TEXT NOT NULL,      -- JSON object
  seed INTEGER NOT NULL,             -- 64 bits, read as unsigned
  space TEXT NOT NULL,               -- JSON array of parameters; []: define-by-run
  max_trials INTEGER NOT NULL,       -- 0: no limit, likewise below
  max_running INTEGER NOT NULL,
  max_duration_us INTEGER NOT NULL,
  lease_ms INTEGER NOT NULL,
  max_retries INTEGER NOT NULL,
  metric_names TEXT NOT NULL,        -- JSON array
  stopped INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE study_attributes (
  study_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,               -- JSON, as it was sent
  PRIMARY KEY (study_id, key)
) STRICT, WITHOUT ROWID;

-- Optuna's own attributes, apart from its users'. Python's JSON, which has NaN and Infinity.
CREATE TABLE study_system_attributes (
  study_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (study_id, key)
) STRICT, WITHOUT ROWID;

-- A parameter as trials had it: a name with a domain. `number` counts from 0 in the study.
CREATE TABLE distributions (
  study_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  domain TEXT NOT NULL,              -- JSON
  optuna_text TEXT,                  -- as an Optuna client wrote it; null: it came otherwise
  PRIMARY KEY (study_id, number)
) STRICT, WITHOUT ROWID;

-- Which parameters a trial has, in order: most trials share a few shapes.
CREATE TABLE shapes (
  id INTEGER PRIMARY KEY,
  study_id INTEGER NOT NULL,
  distributions TEXT NOT NULL,       -- JSON array of distributions.number
  UNIQUE (study_id, distributions)
) STRICT;

CREATE TABLE trials (
  id INTEGER PRIMARY KEY,
  study_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,               -- RUNNING, COMPLETE, PRUNED, FAIL, WAITING
  shape_id INTEGER NOT NULL,
  params TEXT NOT NULL,              -- JSON array, one number per parameter of the shape; a category is its index
  value ANY,                         -- first objective
  other_values TEXT,                 -- JSON array: the other objectives
  started_us INTEGER,
  completed_us INTEGER,
  worker TEXT NOT NULL,
  lease_token INTEGER NOT NULL,      -- not positive: it has no lease
  revision INTEGER NOT NULL,
  extra TEXT,                        -- JSON object of what few trials have: constraints, fixed, foreseen, retry_of,
                                     -- retry_count, lost, failure, optuna
  UNIQUE (study_id, number)
) STRICT;

CREATE TABLE trial_attributes (
  trial_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,               -- JSON, as it was sent
  PRIMARY KEY (trial_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE trial_system_attributes (
  trial_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (trial_id, key)
) STRICT, WITHOUT ROWID;

-- Intermediate values, in the order of their arrival. No index: appending is what training runs wait for.
CREATE TABLE reports (
  trial_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  value ANY,
  revision INTEGER NOT NULL
) STRICT;

-- First answers to recent requests, by arrival. study_id 0: requests that made or deleted studies.
CREATE TABLE requests (
  seq INTEGER PRIMARY KEY,
  study_id INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  fingerprint INTEGER NOT NULL,
  answer TEXT NOT NULL,              -- JSON array of integers
  at_us INTEGER NOT NULL
) STRICT;

-- Ids that deleted studies and trials had are never given again.
CREATE TABLE ids_used (
  study_id INTEGER NOT NULL,
  trial_id INTEGER NOT NULL
) STRICT;
INSERT INTO ids_used VALUES (0, 0);

-- For people: one row per parameter of a trial, with the value as the worker saw it.
CREATE VIEW trial_params AS
  SELECT s.name AS study, t.number AS trial, d.name AS name,
         CASE json_extract(d.domain, '$.type')
           WHEN 'categorical' THEN json_extract(d.domain, '$.choices[' || CAST(p.value AS INTEGER) || ']')
           WHEN 'int' THEN CAST(p.value AS INTEGER)
           ELSE p.value
         END AS value
  FROM trials t
  JOIN studies s ON s.id = t.study_id
  JOIN shapes h ON h.id = t.shape_id
  JOIN json_each(t.params) p
  JOIN distributions d
    ON d.study_id = t.study_id AND d.number = json_extract(h.distributions, '$[' || p.key || ']');

-- For people: trials by study name, with times as text.
CREATE VIEW trial_list AS
  SELECT s.name AS study, t.number AS trial, t.state, t.value, t.worker,
         strftime('%Y-%m-%dT%H:%M:%fZ', t.started_us / 1e6, 'unixepoch') AS started,
         strftime('%Y-%m-%dT%H:%M:%fZ', t.completed_us / 1e6, 'unixepoch') AS completed,
         (t.completed_us - t.started_us) / 1e6 AS seconds
  FROM trials t JOIN studies s ON s.id = t.study_id;

-- For people: intermediate values by study name and trial number.
CREATE VIEW intermediate_values AS
  SELECT s.name AS study, t.number AS trial, r.step, r.value
  FROM reports r JOIN trials t ON t.id = r.trial_id JOIN studies s ON s.id = t.study_id;
