package sampler

import (
	"context"
	"time"

	"healthagent/store"
	"healthagent/tui/source"
)

// redisTime is what Redis gets to answer: later than that it is of no use as a cache either.
const redisTime = 300 * time.Millisecond

func (s *Sampler) readRedis(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Redis == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, redisTime)
	defer cancel()
	info, err := src.Redis(ctx)
	if err != nil {
		return nil, err
	}
	if info == nil { // the cache is memory
		return func(source.Part) {}, nil
	}
	return func(part source.Part) { s.useRedis(part, *info) }, nil
}

func (s *Sampler) useRedis(part source.Part, i store.RedisInfo) {
	r := source.Redis{
		Part: part, Version: i.Version, UptimeS: i.Uptime.Seconds(), UsedBytes: i.UsedBytes, MaxBytes: i.MaxBytes, Policy: i.Policy,
		Keys: i.Keys, Evicted: i.Evicted, Expired: i.Expired, Clients: i.Clients, OpsPerS: i.OpsPerS,
		AnswerMS: float64(i.Answer.Microseconds()) / 1000, Persistent: i.Persistent,
	}
	if all := i.Hits + i.Misses; all > 0 {
		hit := 100 * float64(i.Hits) / float64(all)
		r.HitPct = &hit
	}
	s.lists.redis = &r
	s.tick.seen.redisAt, s.tick.seen.redisMS = s.now(), r.AnswerMS
	s.hub.publish(&source.Snapshot{Redis: &r})
}

func (s *Sampler) lostRedis(part source.Part, _ error) {
	r := source.Redis{}
	if s.lists.redis != nil {
		r = *s.lists.redis
	}
	r.Part = part
	s.lists.redis = &r
	s.hub.publish(&source.Snapshot{Redis: &r})
}
