package backup

import "healthagent/store/dump"

// Status is what the directory of dumps holds. Nil: there is none such.
type Status struct {
	Dir      string         `json:"dir"`
	Dumps    int            `json:"dumps"`
	Bytes    int64          `json:"bytes"`
	Newest   *dump.Manifest `json:"newest"`   // the last dump that is whole
	Verified *dump.Manifest `json:"verified"` // the one whose last trial restore went well, the most recently tried of them
	Failed   *dump.Manifest `json:"failed"`   // the newest dump whose last trial restore went badly, when no later trial went well
	Copied   *dump.Manifest `json:"copied"`   // the one that the hook took elsewhere last
}
