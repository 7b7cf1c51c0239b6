DROP TABLE invite_codes;
