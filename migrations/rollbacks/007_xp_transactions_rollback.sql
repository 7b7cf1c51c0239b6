DROP TABLE xp_transactions;
