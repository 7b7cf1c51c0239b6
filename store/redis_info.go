package store

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// RedisInfo is what the server of the cache says of itself.
type RedisInfo struct {
	Version    string
	Uptime     time.Duration
	UsedBytes  int64
	MaxBytes   int64 // 0: no limit
	Policy     string
	Keys       int64 // of all its databases
	Evicted    int64 // since its start, like Expired, Hits and Misses
	Expired    int64
	Hits       int64 // of all its users
	Misses     int64
	Clients    int
	OpsPerS    float64
	Persistent bool          // it writes to the disk
	Answer     time.Duration // of this very question
}

// RedisInfo asks Redis about itself, past the breaker. It returns nil when the cache is memory of this process.
func (c *Cache) RedisInfo(ctx context.Context) (*RedisInfo, error) {
	if c.redis == nil {
		return nil, nil //nolint:nilnil // there is no Redis, and that is no error
	}
	start := time.Now()
	text, err := c.redis.client.Info(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("ask Redis about itself: %w", err)
	}
	info := parseRedisInfo(text)
	info.Answer = time.Since(start)
	return &info, nil
}

// AskRedis asks a Redis about itself over a connection of its own. The error does not hold the address, which may have a password.
func AskRedis(ctx context.Context, url string) (*RedisInfo, error) {
	backend, err := newRedisBackend(url, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	info, err := (&Cache{redis: backend}).RedisInfo(ctx)
	if closed := backend.close(); err == nil && closed != nil {
		return nil, fmt.Errorf("close the connection to Redis: %w", closed)
	}
	return info, err
}

// parseRedisInfo reads the lines of INFO; what is missing, as it may be in another kind of server, is zero.
func parseRedisInfo(text string) RedisInfo {
	fields := map[string]string{}
	var i RedisInfo
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, value, found := strings.Cut(lines.Text(), ":")
		if !found {
			continue
		}
		fields[name] = value
		if strings.HasPrefix(name, "db") && strings.HasPrefix(value, "keys=") {
			keys, _, _ := strings.Cut(strings.TrimPrefix(value, "keys="), ",")
			i.Keys += number(keys)
		}
	}
	i.Version = fields["redis_version"]
	if v := fields["valkey_version"]; v != "" {
		i.Version = v
	}
	i.Uptime = time.Duration(number(fields["uptime_in_seconds"])) * time.Second
	i.UsedBytes, i.MaxBytes, i.Policy = number(fields["used_memory"]), number(fields["maxmemory"]), fields["maxmemory_policy"]
	i.Evicted, i.Expired = number(fields["evicted_keys"]), number(fields["expired_keys"])
	i.Hits, i.Misses = number(fields["keyspace_hits"]), number(fields["keyspace_misses"])
	i.Clients, i.OpsPerS = int(number(fields["connected_clients"])), float64(number(fields["instantaneous_ops_per_sec"]))
	// rdb_changes_since_last_save is there whether it saves or not; a save that was ever made tells of one that is configured
	i.Persistent = fields["aof_enabled"] == "1" || number(fields["rdb_saves"]) > 0
	return i
}

// number is 0 for what is none.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
