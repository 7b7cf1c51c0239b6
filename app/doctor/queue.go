package doctor

import (
	"context"
	"time"

	"healthagent/store/inspect"
)

func queueChecks() []check {
	return []check{
		{"queues-dead", "dead letters", setting, withBacklog(checkDead)},
		{"queues-waiting", "waiting messages", setting, withBacklog(checkWaiting)},
	}
}

func withBacklog(judge func(*visit, inspect.Backlog) answer) func(context.Context, *visit) answer {
	return func(_ context.Context, v *visit) answer {
		b, err := v.backlog()
		switch {
		case err != nil:
			return skipped(noDatabase)
		case !b.Tables:
			return skipped("the database has no tables yet")
		}
		return judge(v, b)
	}
}

func checkDead(v *visit, b inspect.Backlog) answer {
	if b.Dead == 0 {
		return well("none in a week")
	}
	return warning(v.psql("SELECT received_at, kind, attempts, error FROM inbox WHERE state = 'dead' ORDER BY received_at DESC LIMIT 20", false),
		"%s of the last week %s given up: who wrote got no answer", plural(b.Dead, "one message", "%d messages"), plural(b.Dead, "was", "were"))
}

// waitLong is how long something may wait before that is said.
const waitLong = 2 * time.Minute

func checkWaiting(v *visit, b inspect.Backlog) answer {
	switch {
	case b.PendS != nil && b.PendS.Duration() >= waitLong:
		return warning(v.log(), "%s to be handled, the oldest for %s", plural(b.Pending, "one waits", "%d wait"), age(b.PendS.Duration()))
	case b.UnsentS != nil && b.UnsentS.Duration() >= waitLong:
		return warning(v.log(), "%s to be sent, the oldest for %s", plural(b.Unsent, "one waits", "%d wait"), age(b.UnsentS.Duration()))
	default:
		return well("none waits long")
	}
}
