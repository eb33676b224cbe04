package sqlite

import "context"

// Check answers whether a write would be stored now: it tries to take 64 KiB of
// room and gives it back, then commits a counter to the disk like any swap.
func (s *Store) Check(ctx context.Context) error {
	return explain("check the store", s.do(ctx, func(w *writer) error {
		for _, step := range []string{
			"SAVEPOINT room",
			"UPDATE store SET room = zeroblob(65536)",
			"ROLLBACK TO room",
			"RELEASE room",
			"UPDATE store SET beats = beats + 1",
		} {
			if err := w.exec(context.Background(), step); err != nil {
				return err
			}
		}
		return nil
	}))
}
