package sampler

import (
	"context"

	"healthagent/tui/source"
)

func (s *Sampler) readMigrations(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Migrations == nil {
		return nil, nil
	}
	m, err := src.Migrations(ctx)
	if err != nil {
		return nil, err
	}
	return func(part source.Part) {
		m.Part = part
		before := s.lists.migrations
		s.lists.migrations = &m
		s.weigh(&m)
		news := ledgerEvents(part.At, before, s.lists.settled, &m)
		if m.Lock == "" {
			s.lists.settled = &m
		}
		s.hub.publish(&source.Snapshot{Migrations: &m, Log: news})
		if before == nil || m.Lock != "" || len(news) > 0 { // what is held or missing has changed, or may have
			s.listIndexes()
		}
	}, nil
}

func (s *Sampler) lostMigrations(part source.Part, _ error) {
	m := source.Migrations{List: []source.Migration{}}
	if s.lists.migrations != nil {
		m = *s.lists.migrations
	}
	m.Part = part
	s.lists.migrations = &m
	s.hub.publish(&source.Snapshot{Migrations: &m})
}

// weigh fills in how big the indexes of each migration are.
func (s *Sampler) weigh(m *source.Migrations) {
	if s.lists.indexes == nil {
		return
	}
	bytes := map[string]int64{}
	for _, x := range s.lists.indexes.Indexes {
		bytes[x.Name] = x.Bytes
	}
	for i := range m.List {
		for _, name := range m.List[i].Objects {
			m.List[i].Bytes += bytes[name]
		}
	}
}
