"""The tables of the incident log, and how an older file becomes a newer one."""

# Entry n leads from version n to n + 1 (PRAGMA user_version). Entries are only ever appended.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        started REAL NOT NULL,              -- s, ROS time, as all times here
        last_alive REAL NOT NULL,
        info TEXT NOT NULL                  -- JSON object
    );
    CREATE TABLE visits (
        id TEXT PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        track_id TEXT NOT NULL,
        species TEXT NOT NULL,
        probability REAL NOT NULL,
        started REAL NOT NULL,              -- capture time of the picture that confirmed the animal
        ended REAL,                         -- NULL while it lasts
        outcome TEXT NOT NULL DEFAULT '',
        false_alarm INTEGER NOT NULL DEFAULT 0,
        note TEXT NOT NULL DEFAULT '',
        detail TEXT NOT NULL DEFAULT '{}',  -- of VISIT_STARTED
        end_detail TEXT NOT NULL DEFAULT '{}'
    );
    CREATE INDEX visits_started ON visits (started);
    CREATE TABLE decisions (
        id INTEGER PRIMARY KEY,
        visit_id TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
        stamp REAL NOT NULL,                -- capture time of the picture that it answers
        told REAL NOT NULL,                 -- when the recorder heard of it
        deterrent TEXT NOT NULL,
        detail TEXT NOT NULL
    );
    CREATE INDEX decisions_visit ON decisions (visit_id);
    CREATE TABLE stimuli (
        id INTEGER PRIMARY KEY,
        visit_id TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
        stamp REAL NOT NULL,
        told REAL NOT NULL,
        deterrent TEXT NOT NULL,
        seconds REAL,                       -- NULL until the end is known
        detail TEXT NOT NULL,
        end_detail TEXT NOT NULL DEFAULT '{}'
    );
    CREATE INDEX stimuli_visit ON stimuli (visit_id);
    CREATE TABLE holds (
        id INTEGER PRIMARY KEY,
        visit_id TEXT REFERENCES visits (id) ON DELETE CASCADE,
        stamp REAL NOT NULL,
        told REAL NOT NULL,
        track_id TEXT NOT NULL,
        species TEXT NOT NULL,
        probability REAL NOT NULL,
        detail TEXT NOT NULL
    );
    CREATE INDEX holds_stamp ON holds (stamp);
    CREATE TABLE pictures (
        path TEXT PRIMARY KEY,              -- relative to the folder of this file
        visit_id TEXT REFERENCES visits (id) ON DELETE CASCADE,
        track_id TEXT NOT NULL,
        stamp REAL NOT NULL,
        kind TEXT NOT NULL,                 -- crop or frame
        why TEXT NOT NULL,
        x INTEGER NOT NULL,                 -- upper left corner in the source image, px
        y INTEGER NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        boxes TEXT NOT NULL                 -- JSON list, pixels of the stored picture
    );
    CREATE INDEX pictures_visit ON pictures (visit_id);
    CREATE TABLE sounds (
        id INTEGER PRIMARY KEY,
        started REAL NOT NULL,
        seconds REAL NOT NULL,
        name TEXT NOT NULL,
        volume REAL NOT NULL
    );
    CREATE INDEX sounds_started ON sounds (started);
    """,
    # What refers to a row that is deleted is looked for once for each such row.
    """
    CREATE INDEX holds_visit ON holds (visit_id);
    CREATE INDEX visits_run ON visits (run_id);
    CREATE INDEX visits_open ON visits (id) WHERE ended IS NULL;
    """,
)
