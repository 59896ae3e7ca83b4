-- How many mails left through the notification channels of an organization on a day, whatever became of the channels.
CREATE TABLE mail_days (
    organization_id TEXT NOT NULL,
    -- Days since 1970, UTC.
    day BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (organization_id, day)
);
