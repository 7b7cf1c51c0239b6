package doctor

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"

	"healthagent/app/fault"
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
		lines = append(lines, room)
	}
	if info.Policy == "noeviction" {
		lines = append(lines, policy)
	}
	remedy := v.redisCLI(lines...) + "   # and the same in its configuration file, for its next start"
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

// redisCLI is how Redis is given commands. Its password is asked for: as an argument everybody would see it, and no shell of an operator has
// REDIS_URL in a variable.
func (v *visit) redisCLI(commands ...string) string {
	u, err := url.Parse(v.Config.RedisURL.Reveal())
	if err != nil {
		return "In the Redis of REDIS_URL: " + strings.Join(commands, "; ")
	}
	prefix, between, options := "", "\n", ""
	if _, locked := u.User.Password(); locked {
		// in one line: of several that are pasted it would take the second for the password
		prefix, between = "read -rsp 'Password of REDIS_URL: ' REDISCLI_AUTH && export REDISCLI_AUTH && ", " && "
		if name := u.User.Username(); name != "" {
			options = " --user " + fault.Word(name)
		}
	}
	where := " -s " + fault.Word(u.Path)
	if u.Scheme != "unix" {
		bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
		where = " -u " + fault.Word(bare.String())
	}
	lines := make([]string, len(commands))
	for i, command := range commands {
		lines[i] = "redis-cli" + where + options + " " + command
	}
	return prefix + strings.Join(lines, between)
}
