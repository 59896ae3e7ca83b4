-- What was changed at a team at Apple lately, so that what was seen there before is not handed out any more: also where another
-- organization that uses the same key changed it. The subject is that of team_turns.
CREATE TABLE team_changes (
    subject TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (subject, operation_id)
);
