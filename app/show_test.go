package app

import "testing"

func TestThatPostgreSQLDoesNotAnswerIsSaidOnce(t *testing.T) {
	t.Parallel()
	const text = "PostgreSQL does not answer"
	for reason, want := range map[string]string{
		"ping PostgreSQL: PostgreSQL cannot be reached: connect: no such file or directory": text + ": connect: no such file or directory",
		"ping PostgreSQL: PostgreSQL cannot be reached":                                     text,
		"ping PostgreSQL: context deadline exceeded":                                        text + ": context deadline exceeded",
		"ping PostgreSQL: PostgreSQL error 57P03: the database system is starting up":       text + ": PostgreSQL error 57P03: the database system is starting up",
	} {
		if got := unanswered(reason); got != want {
			t.Errorf("%q becomes %q, not %q", reason, got, want)
		}
	}
}
