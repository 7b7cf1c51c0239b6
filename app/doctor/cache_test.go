package doctor

import (
	"strings"
	"testing"

	"healthagent/app/config"
)

// TestRedisCommandsCanBePasted in a shell without our variables, and without a password among the arguments.
func TestRedisCommandsCanBePasted(t *testing.T) {
	t.Parallel()
	const ask = "read -rsp 'Password of REDIS_URL: ' REDISCLI_AUTH && export REDISCLI_AUTH && "
	for address, want := range map[string]string{
		"unix:///run/r.sock":                  "redis-cli -s /run/r.sock one\nredis-cli -s /run/r.sock two",
		"redis://cache:6380/1":                "redis-cli -u redis://cache:6380/1 one\nredis-cli -u redis://cache:6380/1 two",
		"redis://:hunter2hunter@cache:6380/1": ask + "redis-cli -u redis://cache:6380/1 one && redis-cli -u redis://cache:6380/1 two",
		"rediss://ann:hunter2hunter@cache":    ask + "redis-cli -u rediss://cache --user ann one && redis-cli -u rediss://cache --user ann two",
		"unix://:hunter2hunter@/run/r.sock":   ask + "redis-cli -s /run/r.sock one && redis-cli -s /run/r.sock two",
		"redis://:hunter2hunter\x7f@cache":    "In the Redis of REDIS_URL: one; two",
	} {
		v := newVisit(t.Context(), Patient{Config: config.Config{RedisURL: config.Secret(address)}})
		if got := v.redisCLI("one", "two"); got != want || strings.Contains(got, "hunter") {
			t.Errorf("%q: got %q", address, got)
		}
	}
}
