//go:build !linux

package tilelog

func syncAll(dir string, paths []string) error { return syncEach(dir, paths) }
