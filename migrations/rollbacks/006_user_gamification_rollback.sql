DROP TABLE user_gamification;
