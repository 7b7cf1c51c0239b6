DROP TABLE food_entries;
