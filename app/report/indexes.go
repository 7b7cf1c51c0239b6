package report

import (
	"context"

	"healthagent/store/inspect"
)

// Indexes is what the server says of the indexes, each with the migration that makes it.
type Indexes struct {
	inspect.Indexes
}

// ReadIndexes asks the server. owners names the migration of each index that one makes, as schema.Owners does; the others have none.
func ReadIndexes(ctx context.Context, i *inspect.Inspector, owners map[string]string) (Indexes, error) {
	found, err := i.Indexes(ctx)
	if err != nil {
		return Indexes{}, err
	}
	for n := range found.Indexes {
		if x := &found.Indexes[n]; x.Schema == "public" {
			x.Migration = owners[x.Name]
		}
	}
	return Indexes{Indexes: found}, nil
}
