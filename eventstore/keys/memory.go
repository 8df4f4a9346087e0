package keys

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// What a process has read lies in its memory until something else is written there, and Go
// writes to memory that it freed only when it is used again. So after an erasure all memory
// that is free is used once, and given back to the operating system.

// wipesAfter are how long after an erasure memory is wiped: at once, and when the requests
// that were under way have ended and their buffers were given up. While others use memory, one
// wipe passes over a place now and then.
var wipesAfter = []time.Duration{0, 5 * time.Second, 25 * time.Second, 50 * time.Second}

// freshFor is how long before its start an erasure may lie after which a process wipes its
// memory: clocks differ a little.
const freshFor = time.Hour

// sizeClasses are the sizes of small objects in Go's heap, in bytes (runtime/sizeclasses.go).
var sizeClasses = []int{
	8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280,
	1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5120, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384,
	18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
}

var wipeLock sync.Mutex // one keyring at a time wipes this process's memory

// wipeMemory frees what is not used, overwrites it, and gives it back. It takes a fraction
// of a second and, for that long, as much memory as was free.
func wipeMemory() {
	wipeLock.Lock()
	defer wipeLock.Unlock()
	// Go sets memory aside for each processor, and what lies there is not given out to another. So
	// for this time it uses one. (From then on it does not notice if a container's limit changes.)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	runtime.GC() // twice: what a sync.Pool has lives through the first
	runtime.GC()
	var use [][][]byte
	for _, size := range sizeClasses {
		use = append(use, fillClass(size)...)
	}
	runtime.KeepAlive(use)
	use = nil
	debug.FreeOSMemory()
}

// fillClass allocates objects of the size until the heap has grown for them, so that every
// free place of that size has been used. Allocating zeroes the place.
func fillClass(size int) (use [][][]byte) {
	const enough = 8 * 64 << 10 // bytes; a span of small objects has 80 KB at most
	var m runtime.MemStats
	for grown := uint64(0); grown < enough; {
		batch := make([][]byte, 128<<10/size+1)
		runtime.ReadMemStats(&m)
		before := m.HeapInuse
		for i := range batch {
			batch[i] = make([]byte, size)
		}
		runtime.ReadMemStats(&m)
		grown += max(m.HeapInuse, before) - before
		use = append(use, batch)
	}
	return use
}

// A wiping is under way while some of wipesAfter are still to come.
type wiping struct {
	began time.Time
	done  int
	next  <-chan time.Time // nil: none is to come
}

func (w *wiping) begin() { *w = wiping{began: time.Now(), next: time.After(wipesAfter[0])} }

// wiped says that memory was wiped once more.
func (w *wiping) wiped() {
	w.next = nil
	if w.done++; w.done < len(wipesAfter) {
		w.next = time.After(time.Until(w.began.Add(wipesAfter[w.done])))
	}
}
