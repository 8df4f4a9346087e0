package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/recovery"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// checkPermissions looks for what other users of the machine may open.
func checkPermissions(dir string) Check {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return wrong("Name the data folder with --data, and run this as the user that runs the server.", "The folder can't be read: %v.", err)
	}
	var open []string
	note := func(name, path string) {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
			open = append(open, name)
		}
	}
	note("the folder itself", dir)
	for _, e := range entries {
		if e.Type().IsRegular() {
			note(e.Name(), filepath.Join(dir, e.Name()))
		}
	}
	if len(open) > 0 {
		return look("chmod -R go-rwx "+dir, "Other users of this machine may open %s.", strings.Join(open, ", "))
	}
	return well("Only the user that runs the server may open the folder and its keys.")
}

// leftovers are files that something unfinished leaves in the folder.
var leftovers = []struct {
	pattern string
	state   State
	found   string
	do      string
}{
	{"restoring", Wrong, "A restore into this folder was broken off.", "Empty the folder and restore again."},
	{"importing", Wrong, "An import into this folder was broken off.", "Import the same file again."},
	{stream.RepairedFolder, Look, "A repair was broken off.", "The next start finishes it, or undoes it."},
	{keys.WrappingFile + ".next", Look, "Erasing somebody was broken off before every copy of their key was destroyed.", "Start the server: it finishes that. If this stays, the log says why."},
	{"restored.txt", Look, "The folder was restored from a backup that no key of backups vouches for.", "Do what restored.txt says, then delete it."},
	{stream.Folder + ".damaged-*", Look, "The streams from before a repair are still here. They hold keys of people who may be erased later.", "Delete them once all is well."},
	{logs.Folder + "/*.lost-*", Look, "A log that was given up with a loss is still here.", "Keep it apart as evidence of what was lost, then delete it here."},
}

// checkLeftovers looks for what something unfinished left in the folder.
func checkLeftovers(dir string) Check {
	var all []Check
	for _, l := range leftovers {
		found, err := filepath.Glob(filepath.Join(dir, l.pattern))
		if err == nil && len(found) > 0 {
			all = append(all, Check{State: l.state, Found: l.found, Do: l.do})
		}
	}
	if len(all) == 0 {
		return well("Nothing unfinished lies in it.")
	}
	one := all[0]
	for _, c := range all[1:] {
		one.Found, one.Do = one.Found+" "+c.Found, one.Do+" "+c.Do
		if c.State == Wrong {
			one.State = Wrong
		}
	}
	return one
}

// checkCheckpoints looks for logs whose checkpoint is gone from the folder, or is not signed by this
// installation for that group.
func checkCheckpoints(dir string) Check {
	const do = "The next start writes it again, if the streams have it. Look at the disk: files don't change by themselves."
	all, err := recovery.LogFolders(dir)
	if err != nil {
		return unknown("The folder of the logs, or the key that signs them, can't be read.")
	}
	for _, l := range all {
		signed, err := os.ReadFile(filepath.Join(l.Dir, tilelog.CheckpointFile))
		if err == nil {
			_, err = tilelog.OpenCheckpoint(signed, tilelog.OriginOf(signed), l.VKeys)
		}
		if err != nil {
			return look(do, "The checkpoint in the folder of the log of %s can't be relied on: %v.", l.Name, err)
		}
	}
	return well("The folder of every log has a checkpoint that this installation signed.")
}

// sizeOf is how many bytes the files below the folder have together.
func sizeOf(dir string) (bytes int64) {
	filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil // what goes away meanwhile is not counted
	})
	return bytes
}

// sizeWords says a number of bytes in GB or MB.
func sizeWords(bytes int64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%d MB", bytes>>20)
}

// checkEntry says which of the files that let people in, and of the keys beside them, can't be
// read: a server does not start with one.
func checkEntry(dir string) Check {
	unreadable := func(name string) bool {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if name == "backup.key" {
			_, err = archive.ReadKey(filepath.Join(dir, name))
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return false
		case err != nil || name == "backup.key":
			return err != nil
		case name == "operator-token":
			return !strings.HasPrefix(string(b), "gt_") || len(strings.TrimSpace(string(b))) < 35
		}
		return len(b) > 0 && !json.Valid(b)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.json")) // the pattern is right
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	if bad := slices.DeleteFunc(append(names, "operator-token", "backup.key"), func(name string) bool { return !unreadable(name) }); len(bad) > 0 {
		return wrong("Stop the server and put back a copy of each: backup.key is kept apart, the others are in the newest backup (goldenthread restore into another folder). "+
			"Without a copy move them away: the next start makes new ones, and whoever came in by them is invited anew.", "%s can't be read.", strings.Join(bad, ", "))
	}
	return well("The files that let people in, and the key of backups, can be read.")
}
