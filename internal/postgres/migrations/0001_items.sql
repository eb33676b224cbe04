-- Names compare by bytes (COLLATE "C"), times are to the microsecond, and
-- item_rev gives every revision once.
CREATE SEQUENCE item_rev;

CREATE TABLE item (
	kind    text   COLLATE "C" NOT NULL,
	id      text   COLLATE "C" NOT NULL,
	rev     bigint NOT NULL,
	wake_at timestamptz,
	scope   text   COLLATE "C" NOT NULL,
	state   text   COLLATE "C" NOT NULL,
	expires timestamptz,
	body    bytea  NOT NULL,
	PRIMARY KEY (kind, id)
);

CREATE INDEX item_due     ON item (wake_at, kind, id) WHERE wake_at IS NOT NULL;
CREATE INDEX item_scope   ON item (kind, scope, id);
CREATE INDEX item_state   ON item (kind, state, id);
CREATE INDEX item_expires ON item (expires) WHERE expires IS NOT NULL;

-- JSON is compressed by us nowhere and by the server well.
ALTER TABLE item ALTER COLUMN body SET STORAGE EXTENDED;
