DROP TABLE reminder_occurrences;
