package doctor

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"

	"healthagent/store"
)

func cacheChecks() []check {
	return []check{
		{"cache-reachable", "Redis", setting, checkCache},
		{"cache-version", "Redis version", setting, withRedis(checkRedisVersion)},
		{"cache-memory", "Redis memory", setting, withRedis(checkRedisMemory)},
	}
}

func (v *visit) askRedis(ctx context.Context) (*store.RedisInfo, error) {
	if v.Redis != nil {
		return v.Redis(ctx)
	}
	return store.AskRedis(ctx, v.Config.RedisURL.Reveal())
}

const ownMemory = "the cache is memory of the process"

func checkCache(_ context.Context, v *visit) answer {
	if v.Config.RedisURL == "" {
		return well(ownMemory + ", since REDIS_URL is empty")
	}
	info, err := v.redis()
	if err != nil {
		return warning(v.startCache(), "it does not answer, and PostgreSQL serves alone: %v", err)
	}
	return well("it answers in %.1f ms, with %s", float64(info.Answer.Microseconds())/1000, plural(int(info.Keys), "one key", "%d keys"))
}

// startCache is how to bring the cache back.
func (v *visit) startCache() string {
	if strings.Contains(v.Config.RedisURL.Reveal(), "/redis-healthagent/") {
		return "systemctl start redis-server@healthagent; journalctl -u redis-server@healthagent -n 30 --no-pager"
	}
	return v.redisCLI("ping")
}

func withRedis(judge func(*visit, *store.RedisInfo) answer) func(context.Context, *visit) answer {
	return func(_ context.Context, v *visit) answer {
		if v.Config.RedisURL == "" {
			return skipped(ownMemory)
		}
		info, err := v.redis()
		if err != nil || info == nil {
			return skipped("it does not answer")
		}
		return judge(v, info)
	}
}

const oldestRedis = 6

func checkRedisVersion(_ *visit, info *store.RedisInfo) answer {
	major, _, _ := strings.Cut(info.Version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < oldestRedis {
		return warning("Install Redis 6 or newer, or leave REDIS_URL empty: the process then keeps its cache itself.", "it is %s, and %d is the oldest supported", info.Version, oldestRedis)
	}
	return well("%s", cmp.Or(info.Version, "it does not say"))
}

// A cache has a limit, and makes room when it is reached.
func checkRedisMemory(v *visit, info *store.RedisInfo) answer {
	const room, policy = "config set maxmemory 64mb", "config set maxmemory-policy allkeys-lru"
	var lines []string
	if info.MaxBytes == 0 {
		lines = append(lines, v.redisCLI(room))
	}
	if info.Policy == "noeviction" {
		lines = append(lines, v.redisCLI(policy))
	}
	remedy := strings.Join(lines, "\n") + "   # and the same in its configuration file, for its next start"
	switch {
	case info.MaxBytes == 0 && info.Policy == "noeviction":
		return warning(remedy, "it has no limit, and would throw nothing out: it can take all memory of its machine")
	case info.MaxBytes == 0:
		return warning(remedy, "it has no limit: it can take all memory of its machine")
	case info.Policy == "noeviction":
		return warning(remedy, "when its %s are full it refuses what is new instead of throwing out what is old", size(info.MaxBytes))
	}
	return well("%s of %s are used, %s", size(info.UsedBytes), size(info.MaxBytes), info.Policy)
}

// redisCLI is how Redis is given a command. Its password is not shown.
func (v *visit) redisCLI(command string) string {
	u, err := url.Parse(v.Config.RedisURL.Reveal())
	if err != nil || u.User != nil {
		return `redis-cli -u "$REDIS_URL" ` + command
	}
	if u.Scheme == "unix" {
		return "redis-cli -s " + sh(u.Path) + " " + command
	}
	return "redis-cli -u " + sh(u.Redacted()) + " " + command
}
