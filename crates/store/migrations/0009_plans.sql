-- An act that is a step of a plan, by its number there.

ALTER TABLE operations ADD COLUMN plan_id TEXT;
ALTER TABLE operations ADD COLUMN step BIGINT;
-- Each step is begun once, whoever comes to it first.
CREATE UNIQUE INDEX operations_step ON operations (organization_id, plan_id, step);
