package dump

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Leftovers are the names of what killed restores and trials have left beside the database that the URL names. It changes nothing.
func Leftovers(ctx context.Context, address string) (names []string, err error) {
	return besideOf(ctx, address, leftovers)
}

// Sweep drops the leftovers: a scratch database whose process is gone takes the room for the want of which the next restore is refused.
// Live ones stay. It returns their names, also with an error.
func Sweep(ctx context.Context, address string) (dropped []string, err error) {
	return besideOf(ctx, address, sweep)
}

// besideOf has something done while nobody makes, swaps or drops databases.
func besideOf(ctx context.Context, address string, do func(context.Context, *pgx.Conn, string) ([]string, error)) ([]string, error) {
	return onServer(ctx, address, func(ctx context.Context, w way, conn *pgx.Conn) ([]string, error) {
		if err := lock(ctx, conn); err != nil {
			return nil, err
		}
		return do(ctx, conn, w.config.Database)
	})
}
