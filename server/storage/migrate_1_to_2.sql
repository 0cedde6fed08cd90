-- Version 1 has no place for what Optuna's storage protocol brings. Nothing that is there changes.

CREATE TABLE study_system_attributes (
  study_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (study_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE trial_system_attributes (
  trial_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (trial_id, key)
) STRICT, WITHOUT ROWID;

ALTER TABLE distributions ADD COLUMN optuna_text TEXT;
