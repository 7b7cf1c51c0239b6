package acts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"healthagent/tui/source"
)

// endedMeanwhile is why a run of the last process has no end of its own.
const endedMeanwhile = "the daemon ended meanwhile"

// load reads the runs of the last process. A file that cannot be read is no reason not to work: it is written anew.
func (r *Runner) load() {
	raw, err := os.ReadFile(r.file)
	if err == nil {
		err = json.Unmarshal(raw, &r.runs)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.cfg.Logger.Warn("the last acts cannot be read and are forgotten", "file", r.file, "error", err)
		}
		r.runs = nil
		return
	}
	for _, rec := range r.runs {
		if rec.Run.State == source.RunWorking {
			rec.Run.State, rec.Run.Progress, rec.Run.Blockers = source.RunUnknown, nil, nil
			rec.Run.Error = endedMeanwhile + ": the ledger is being asked what became of it"
		}
	}
}

// save writes the runs down, for the next process. Where that fails it is logged.
func (r *Runner) save() {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.mu.Lock()
	raw, err := json.Marshal(r.runs)
	r.mu.Unlock()
	if err == nil {
		err = replaceFile(r.file, raw)
	}
	if err != nil {
		r.cfg.Logger.Warn("the last acts cannot be written down", "file", r.file, "error", err)
	}
}

// replaceFile writes a file for its owner alone, as a whole or not at all.
func replaceFile(path string, raw []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("make a file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(raw)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return os.Rename(file.Name(), path)
}
