// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Follows the writes of protected disks from inside the kernel.
 *
 * Four programs on three events of the block layer, and for each of them what it owes the agent:
 *
 *  submit       block_bio_queue. A write goes down. Its payload is copied into the ring, in the order of the ring's
 *               reservations: a write that was submitted after another one had completed lies behind it. The bio is whole
 *               here (not yet split), and its sectors are those of the whole disk, also for a write to a partition.
 *  rq_complete  block_rq_complete. A request, or the first bytes of one, has ended. Merging and splitting conserve
 *               sectors, therefore the record names the request's range and no bio. A request that went through the flush
 *               machinery passes here twice, the second time with 0 bytes.
 *  bio_complete block_bio_complete. Fires for disks without requests (device mapper, md, zram, pmem), and on the others for
 *               bios that failed before they became a request. A driver may have consumed bi_iter by then, so that on
 *               disks without requests the range comes from a table filled at submission. Of a bio that was split the
 *               clones pass here too; they are not in the table, their bi_private (bio_chain) is the parent, which is.
 *  calibrate    block_bio_queue again, only while a capture is begun; see there.
 *
 * A full ring costs order, never coverage. Whatever finds no room, cannot be read or cannot be expressed is lost whole: its
 * blocks are set in the bit map "lost" and then the gap epoch is raised, before the program returns, which is before the
 * write goes to the device (submission) or before its writer is told (completion). Both ends do it: a bit set at submission
 * alone could be harvested and the block read before the write lands.
 *
 * Discards and write-zeroes are told at completion, and only if they succeeded: devices refuse them at will, and nothing
 * that depends on one can be submitted before it has ended. One request may hold many discards that do not touch each other,
 * so the bios are walked. Flushes are not told: any prefix of completed writes is what a disk may hold after a crash.
 *
 * Pieces. The ring wants reservations of constant size, hence a ladder of slots (4, 16, 60 KiB) and pieces of at most 60 KiB.
 * Pieces of bios of several CPUs may interleave. The first piece is held back (busy) until the last one is in: the ring's
 * reader cannot pass it meanwhile, and it is published if every piece found room and discarded if not. So the FIRST of a
 * write is followed by its LAST, always; a piece whose FIRST was not seen belongs to a write that was given up, is in "lost",
 * and the reader drops it. This holds from any position at which no write is open, which is where readers begin.
 *
 * Runs that are missed. A program that interrupts itself on its processor is not run; recursion_misses counts it, and the
 * agent takes that for a gap.
 *
 * Runs that are not counted. On one virtual machine with a 6.18 kernel a few completions in some 10^5 were never seen. In
 * each case that was traced, the completion's interrupt had fallen on a thread of the machine's own supervisor: the tracepoint
 * fired (the kernel's own event log had it), no program on it ran, a second one neither, and no counter moved. Why is not
 * known. Such a completion never comes: the payload is in the ring, but the agent's in-flight table would keep an entry for
 * ever. Therefore entries that are too old are given up there and their blocks are read again. A write whose submission is not
 * seen is told by its completion, which is unmatched; where neither is seen only a compare finds it.
 *
 * What is not seen: commands that bypass the block layer's sectors (DRV_OUT; counted at completion, and the volume's
 * coverage is unknown from then on), stores to persistent memory by DAX, writes of other hosts to a shared disk, and a lower
 * disk below a driver that redirects the same bio (old md raid0, bcache): protect the upper disk there.
 *
 * Verifier. The cursor of the copy loop lives in a map and its offset in ring memory: the verifier keeps no values for either,
 * so its states merge and the loops are checked in thousands, not millions, of instructions.
 */
#include "kernel_compat.bpf.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "block_capture.h"

#define COPY_STEP 4096u
#define SLOT_SMALL 4096u
#define SLOT_MEDIUM 16384u
#define SLOT_LARGE 61440u
#define SMALL_UP_TO 8192u   /* two small slots waste nothing, a medium one would waste half */
#define MEDIUM_UP_TO 49152u /* three medium slots */
/* Elements of the vector that a slot takes at most: more than pages, for buffers that do not begin at one. */
#define STEPS_SMALL 1
#define STEPS_MEDIUM 8
#define STEPS_LARGE 24
#define PIECES_MAX (1u << 20)
#define BIOS_PER_REQUEST_MAX 4096u

#define FAILED_NO_ROOM 1
#define FAILED_PAYLOAD 2
#define FAILED_ODD 3
#define FAILED_CROSSING 4
#define FAILED_UNTRACKED 5

#define OUTSIDE (-1) /* a range that meets no window */
#define ACROSS (-2)  /* a range that lies partly in a window */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct capture_state);
} state SEC(".maps");

/* Words of 64 blocks; sized when loaded. The agent takes bits out, the programs put them in. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/* The agent's own notes, which must outlive it: blocks to read, blocks sent and not yet durable. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u64);
} todo SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u64);
} sent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_VOLUMES);
	__type(key, __u32);
	__type(value, struct disk_windows);
} volumes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct tracked_bio);
} bios SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct capture_calibration);
} calibration SEC(".maps");

/* ---- what all programs share ---- */

static __always_inline struct capture_state *the_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&state, &zero);
}

static __always_inline struct capture_counters *the_counters(struct capture_state *s)
{
	return &s->counters[bpf_get_smp_processor_id() & (COUNTER_SLOTS - 1)];
}

#define COUNT(counter, by) __sync_fetch_and_add(&(counter), (__u64)(by))

static __always_inline __u32 device_of(struct gendisk *disk)
{
	return (__u32)disk->major << 20 | (__u32)disk->first_minor;
}

/* The protected windows of this disk; none when another disk has taken the number of one that went away. */
static __always_inline struct disk_windows *windows_of(struct gendisk *disk)
{
	__u32 device = device_of(disk);
	struct disk_windows *w = bpf_map_lookup_elem(&volumes, &device);

	return w && w->disk_sequence == disk->diskseq ? w : 0;
}

static __always_inline int is_zeroing(__u32 op)
{
	return op == OP_DISCARD || op == OP_SECURE_ERASE || op == OP_WRITE_ZEROES;
}

struct mark {
	__u64 first;
	__u64 last;
	__u64 word;
};

static long mark_word(__u32 i, struct mark *m)
{
	__u32 word = (__u32)(m->word + i);
	__u64 low = (__u64)word << 6, mask = ~0ull;
	__u64 *bits;

	if (low > m->last)
		return 1;
	if (low < m->first)
		mask &= ~0ull << ((m->first - low) & 63);
	if (low + 63 > m->last)
		mask &= ~0ull >> ((low + 63 - m->last) & 63);
	bits = bpf_map_lookup_elem(&lost, &word);
	if (!bits)
		return 1;
	__sync_fetch_and_or(bits, mask);
	return 0;
}

/* Sets the bits of sectors of a window. Always the locked form: it orders the bit before what the program's caller does. */
static __noinline int mark_lost(__u64 first_bit, __u64 sector, __u64 count)
{
	struct mark m = {};

	m.first = first_bit + (sector >> SECTORS_PER_BLOCK_SHIFT);
	m.last = first_bit + ((sector + count - 1) >> SECTORS_PER_BLOCK_SHIFT);
	m.word = m.first >> 6;
	if (m.word == m.last >> 6)
		mark_word(0, &m);
	else
		bpf_loop((__u32)((m.last >> 6) - m.word) + 1, mark_word, &m, 0);
	return 0;
}

static __always_inline void count_loss(struct capture_state *s, int why)
{
	COUNT(s->dropped, 1);
	if (why == FAILED_PAYLOAD)
		COUNT(s->payload_faults, 1);
	else if (why == FAILED_ODD)
		COUNT(s->odd_operations, 1);
	else if (why == FAILED_CROSSING)
		COUNT(s->crossing, 1);
	else if (why == FAILED_UNTRACKED)
		COUNT(s->untracked, 1);
	COUNT(s->gap_epoch, 1);
}

/* A range of a disk that could not be told: bits in every window it meets, then the epoch. */
static __noinline int lose(struct capture_state *s, struct disk_windows *w, __u64 sector, __u64 count, int why)
{
	__u64 end = sector + count;
	int i;

	for (i = 0; i < MAX_WINDOWS_PER_DISK; i++) {
		__u64 from, to;

		if (i >= (int)w->window_count)
			break;
		from = w->windows[i].start_sector;
		to = from + w->windows[i].sector_count;
		if (sector > from)
			from = sector;
		if (end < to)
			to = end;
		if (from < to)
			mark_lost(w->windows[i].first_bit, from - w->windows[i].start_sector, to - from);
	}
	count_loss(s, why);
	return 0;
}

/* Something happened to this disk that no range can be named for. */
static __always_inline void forget_coverage(struct capture_state *s, struct disk_windows *w)
{
	int i;

	for (i = 0; i < MAX_WINDOWS_PER_DISK; i++) {
		if (i >= (int)w->window_count)
			break;
		*(volatile __u32 *)&s->volumes[w->windows[i].volume & (MAX_VOLUMES - 1)].coverage_unknown = 1;
	}
	COUNT(s->gap_epoch, 1);
}

/* ---- submission ---- */

struct cursor {
	__u64 bvecs;         /* address of the bio's vector */
	__u64 address;       /* of the next byte to copy */
	__u64 page_constant;
	__u64 bio;
	__u64 sector;        /* of the next byte, volume-relative */
	__u64 time_ns;
	__u32 page_shift;
	__u32 left;          /* bytes of the bio */
	__u32 vector_left;   /* bytes of the current element of the vector */
	__u32 index;         /* of the next element */
	__u32 skip;          /* bytes of the next element that the iterator has passed */
	__u32 length;        /* of the bio */
	__u32 opf;
	__u32 volume;
	__u32 failed;
	__u32 last_step;
};

/*
 * One for each CPU: a program never interrupts itself. In a map, not on the stack, because the verifier tracks what is on
 * the stack and would follow every value through every step of the loops.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cursor);
} cursors SEC(".maps");

static __always_inline int next_vector(struct cursor *c)
{
	struct bio_vec v;

	if (bpf_probe_read_kernel(&v, sizeof(v), (void *)(c->bvecs + (__u64)c->index * sizeof(v)))) {
		c->failed = FAILED_PAYLOAD;
		return 1;
	}
	c->index++;
	c->address = (v.bv_page << (c->page_shift & 63)) + c->page_constant + v.bv_offset + c->skip;
	c->vector_left = v.bv_len - c->skip;
	c->skip = 0;
	return 0;
}

/* Fills a reserved record with the next piece of the bio: at most SLOT bytes, copied in at most STEPS steps. */
static __always_inline void fill(struct cursor *c, struct block_record *r, const __u32 slot, const int steps)
{
	char *payload = (char *)(r + 1);
	volatile __u64 *filled = &r->length;
	__u32 odd;
	int i;

	*filled = 0;
	r->flags = c->left == c->length ? RECORD_FIRST : 0;
	for (i = 0; i < steps; i++) {
		__u64 at = *filled;
		__u32 n;

		if (!c->left || at > slot - COPY_STEP)
			break;
		if (!c->vector_left && next_vector(c))
			break;
		n = c->vector_left;
		if (n > c->left)
			n = c->left;
		if (n > COPY_STEP)
			n = COPY_STEP;
		asm volatile("" : "+r"(n));
		if (n > COPY_STEP)
			break;
		if (bpf_probe_read_kernel(payload + at, n, (void *)c->address)) {
			c->failed = FAILED_PAYLOAD;
			break;
		}
		c->address += n;
		c->vector_left -= n;
		c->left -= n;
		c->last_step = n;
		*filled = at + n;
	}
	/* A piece ends at a sector; direct I/O from memory of odd alignment needs a step back. */
	odd = (__u32)r->length & 511;
	if (odd && !c->failed) {
		if (odd > c->last_step) {
			c->failed = FAILED_PAYLOAD;
		} else {
			c->address -= odd;
			c->vector_left += odd;
			c->left += odd;
			r->length -= odd;
		}
	}
	if (!r->length)
		c->failed = c->failed ?: FAILED_PAYLOAD;
	r->sector = c->sector;
	r->time_ns = c->time_ns;
	r->bio = c->bio;
	r->type = RECORD_SUBMIT;
	r->flags |= c->left ? 0 : RECORD_LAST;
	r->volume = (__u16)c->volume;
	r->error = 0;
	r->bio_length = c->length;
	r->opf = c->opf;
	r->reserved = 0;
	c->sector += r->length >> 9;
}

/* One more piece, published at once. Returns 1 when the bio is told or given up. */
static __always_inline int piece(struct cursor *c, const __u32 slot, const int steps)
{
	struct block_record *r = bpf_ringbuf_reserve(&ring, sizeof(*r) + slot, 0);

	if (!r) {
		c->failed = FAILED_NO_ROOM;
		return 1;
	}
	fill(c, r, slot, steps);
	if (c->failed) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return 1;
	}
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return c->left == 0;
}

/* A small slot takes one step: the current element of the vector must fill it or end the bio. */
static __always_inline int fits_small(struct cursor *c)
{
	return c->left <= SMALL_UP_TO && (c->vector_left >= COPY_STEP || c->vector_left >= c->left);
}

static long next_piece(__u32 i, void *nothing)
{
	__u32 zero = 0;
	struct cursor *c = bpf_map_lookup_elem(&cursors, &zero);

	if (!c)
		return 1;
	if (!c->vector_left && next_vector(c))
		return 1;
	if (fits_small(c))
		return piece(c, SLOT_SMALL, STEPS_SMALL);
	if (c->left <= MEDIUM_UP_TO)
		return piece(c, SLOT_MEDIUM, STEPS_MEDIUM);
	return piece(c, SLOT_LARGE, STEPS_LARGE);
}

/* The first piece, held back until all the others are in the ring. */
static __always_inline void pieces(struct cursor *c, const __u32 slot, const int steps)
{
	struct block_record *first = bpf_ringbuf_reserve(&ring, sizeof(*first) + slot, 0);

	if (!first) {
		c->failed = FAILED_NO_ROOM;
		return;
	}
	fill(c, first, slot, steps);
	if (c->left && !c->failed)
		bpf_loop(PIECES_MAX, next_piece, 0, 0);
	if (c->left && !c->failed)
		c->failed = FAILED_PAYLOAD;
	if (c->failed)
		bpf_ringbuf_discard(first, BPF_RB_NO_WAKEUP);
	else
		bpf_ringbuf_submit(first, BPF_RB_NO_WAKEUP);
}

/* Copies a write into the ring. Returns 0, or why it must be lost. */
static __always_inline __u32 capture(struct bio *bio, struct capture_state *s, struct volume_window *window)
{
	__u32 zero = 0;
	struct cursor *c = bpf_map_lookup_elem(&cursors, &zero);

	if (!c)
		return FAILED_NO_ROOM;
	c->bvecs = (__u64)bio->bi_io_vec;
	c->page_constant = s->page_constant;
	c->page_shift = s->page_shift;
	c->bio = (__u64)bio;
	c->sector = bio->bi_iter.bi_sector - window->start_sector;
	c->time_ns = bpf_ktime_get_ns();
	c->left = bio->bi_iter.bi_size;
	c->vector_left = 0;
	c->index = bio->bi_iter.bi_idx;
	c->skip = bio->bi_iter.bi_bvec_done;
	c->length = c->left;
	c->opf = bio->bi_opf;
	c->volume = window->volume;
	c->failed = 0;
	if (next_vector(c))
		return c->failed;
	if (fits_small(c))
		pieces(c, SLOT_SMALL, STEPS_SMALL);
	else if (c->left <= MEDIUM_UP_TO)
		pieces(c, SLOT_MEDIUM, STEPS_MEDIUM);
	else
		pieces(c, SLOT_LARGE, STEPS_LARGE);
	return c->failed;
}

/* The window that holds the whole range, or how the range misses. */
static __noinline int find_window(struct disk_windows *w, __u64 sector, __u64 end)
{
	int i;

	for (i = 0; i < MAX_WINDOWS_PER_DISK; i++) {
		__u64 from, to;

		if (i >= (int)w->window_count)
			break;
		from = w->windows[i].start_sector;
		to = from + w->windows[i].sector_count;
		if (sector >= from && end <= to)
			return i;
		if (sector < to && end > from)
			return ACROSS;
	}
	return OUTSIDE;
}

/* Notes the range of a bio on a disk without requests. False: no room, the bio's end will be unknown. */
static __always_inline int track(struct bio *bio, __u32 opf, __u64 sector, __u32 length, __u32 device)
{
	struct tracked_bio t = { .sector = sector, .length = length, .opf = opf, .device = device };
	__u64 key = (__u64)bio;

	return bpf_map_update_elem(&bios, &key, &t, BPF_ANY) == 0;
}

SEC("tp_btf/block_bio_queue")
int BPF_PROG(submit, struct bio *bio)
{
	__u32 opf = bio->bi_opf, op = opf & OP_MASK, length = bio->bi_iter.bi_size;
	__u64 sector = bio->bi_iter.bi_sector, end = sector + (length >> 9);
	struct capture_counters *counters;
	struct gendisk *disk;
	struct disk_windows *w;
	struct capture_state *s;
	__u32 failed = 0;
	int found;

	if (!(op & 1))
		return 0;
	disk = bio->bi_bdev->bd_disk;
	w = windows_of(disk);
	if (!w)
		return 0;
	s = the_state();
	if (!s)
		return 0;
	/* Also a flush, which is a write of nothing: its completion must be told from that of an unknown write. */
	if (disk->fops->submit_bio && !track(bio, opf, sector, length, device_of(disk)))
		failed = FAILED_UNTRACKED;
	if (!length)
		return 0;
	found = find_window(w, sector, end);
	if (found == OUTSIDE || (is_zeroing(op) && !failed))
		return 0;
	counters = the_counters(s);
	COUNT(counters->submitted_bios, 1);
	COUNT(counters->submitted_bytes, length);
	if (op != OP_WRITE)
		failed = FAILED_ODD;
	else if (found == ACROSS)
		failed = FAILED_CROSSING;
	else if (!failed)
		failed = capture(bio, s, &w->windows[found & (MAX_WINDOWS_PER_DISK - 1)]);
	if (failed)
		lose(s, w, sector, length >> 9, failed);
	return 0;
}

/* ---- completion ---- */

/* One record without payload for each window that the range meets; what finds no room is lost. */
static __noinline int tell(struct capture_state *s, struct disk_windows *w, __u64 sector, __u64 end, __u32 type_flags_error)
{
	__u64 now = bpf_ktime_get_ns();
	int i;

	for (i = 0; i < MAX_WINDOWS_PER_DISK; i++) {
		struct block_record *r;
		__u64 from, to, start;

		if (i >= (int)w->window_count)
			break;
		start = w->windows[i].start_sector;
		from = sector > start ? sector : start;
		to = start + w->windows[i].sector_count;
		if (end < to)
			to = end;
		if (from >= to)
			continue;
		r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
		if (!r) {
			mark_lost(w->windows[i].first_bit, from - start, to - from);
			count_loss(s, FAILED_NO_ROOM);
			continue;
		}
		r->sector = from - start;
		r->length = (to - from) << 9;
		r->time_ns = now;
		r->bio = 0;
		r->type = type_flags_error & 0xff;
		r->flags = type_flags_error >> 8 & 0xff;
		r->volume = (__u16)w->windows[i].volume;
		r->error = type_flags_error >> 16;
		r->bio_length = 0;
		r->opf = 0;
		r->reserved = 0;
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	}
	return 0;
}

static __always_inline void tell_completion(struct capture_state *s, struct disk_windows *w, __u64 sector, __u32 length,
					    __u32 status)
{
	struct capture_counters *counters = the_counters(s);

	COUNT(counters->completions, 1);
	COUNT(counters->completed_bytes, length);
	if (status)
		COUNT(counters->failed_completions, 1);
	tell(s, w, sector, sector + (((__u64)length + 511) >> 9), RECORD_COMPLETE | (status & 0xff) << 16);
}

static __always_inline void tell_zeroed(struct capture_state *s, struct disk_windows *w, __u32 op, __u64 sector,
					__u32 length)
{
	struct capture_counters *counters = the_counters(s);

	COUNT(counters->zeroed_ranges, 1);
	tell(s, w, sector, sector + (length >> 9),
	     RECORD_ZEROED | (op == OP_WRITE_ZEROES ? 0u : (__u32)RECORD_DISCARD << 8));
}

struct walk {
	struct bio *bio;
	__u64 device;
	struct capture_state *s;
	struct disk_windows *w;
	__u32 left;
	__u32 op;
};

static long next_zeroed_bio(__u32 i, struct walk *k)
{
	struct bio *bio = k->bio;
	__u32 length;

	if (!bio || !k->left)
		return 1;
	length = BPF_CORE_READ(bio, bi_iter.bi_size);
	if (length > k->left)
		length = k->left;
	if (length)
		tell_zeroed(k->s, k->w, k->op, BPF_CORE_READ(bio, bi_iter.bi_sector), length);
	k->left -= length;
	k->bio = BPF_CORE_READ(bio, bi_next);
	return 0;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(rq_complete, struct request *rq, int error, unsigned int nr_bytes)
{
	__u32 op = rq->cmd_flags & OP_MASK, status = (__u32)error & 0xff;
	struct gendisk *disk;
	struct disk_windows *w;
	struct capture_state *s;

	if (!(op & 1) || (!nr_bytes && op != OP_DRV_OUT))
		return 0;
	disk = rq->q->disk;
	if (!disk)
		return 0;
	w = windows_of(disk);
	if (!w)
		return 0;
	s = the_state();
	if (!s)
		return 0;
	if (op == OP_DRV_OUT) {
		COUNT(s->passthrough, 1);
		forget_coverage(s, w);
	} else if (is_zeroing(op)) {
		struct walk k = { .bio = rq->bio, .s = s, .w = w, .left = nr_bytes, .op = op };

		if (status)
			COUNT(the_counters(s)->skipped_zeroing, 1);
		else
			bpf_loop(BIOS_PER_REQUEST_MAX, next_zeroed_bio, &k, 0);
	} else {
		tell_completion(s, w, rq->__sector, nr_bytes, status);
	}
	return 0;
}

/* The end of a bio whose range is known. */
static __always_inline void bio_ended(struct capture_state *s, struct disk_windows *w, __u32 op, __u64 sector,
				      __u32 length, __u32 status)
{
	if (!is_zeroing(op))
		tell_completion(s, w, sector, length, status);
	else if (status)
		COUNT(the_counters(s)->skipped_zeroing, 1);
	else
		tell_zeroed(s, w, op, sector, length);
}

SEC("tp_btf/block_bio_complete")
int BPF_PROG(bio_complete, struct request_queue *q, struct bio *bio)
{
	__u32 op = bio->bi_opf & OP_MASK, status = bio->bi_status;
	__u64 key = (__u64)bio;
	struct gendisk *disk;
	struct tracked_bio *found;
	struct disk_windows *w;
	struct capture_state *s;

	if (!(op & 1))
		return 0;
	s = the_state();
	if (!s)
		return 0;
	/* The table first: a driver may have pointed bi_bdev at a lower disk. */
	found = bpf_map_lookup_elem(&bios, &key);
	if (found) {
		struct tracked_bio t = *found;

		bpf_map_delete_elem(&bios, &key);
		w = bpf_map_lookup_elem(&volumes, &t.device);
		if (w && t.length)
			bio_ended(s, w, t.opf & OP_MASK, t.sector, t.length, status);
		return 0;
	}
	disk = bio->bi_bdev->bd_disk;
	w = windows_of(disk);
	if (!w)
		return 0;
	if (!disk->fops->submit_bio) {
		/* It never became a request, or its rest did not: bi_iter is what did not go down. */
		if (bio->bi_iter.bi_size)
			bio_ended(s, w, op, bio->bi_iter.bi_sector, bio->bi_iter.bi_size, status);
		return 0;
	}
	key = (__u64)bio->bi_private;
	if (bpf_map_lookup_elem(&bios, &key)) {
		COUNT(the_counters(s)->split_completions, 1);
		return 0;
	}
	/* A flush that was under way when the capture began has no data and never had. */
	if (op == OP_WRITE && !bio->bi_io_vec)
		return 0;
	COUNT(s->unknown_completions, 1);
	forget_coverage(s, w);
	return 0;
}

/* ---- calibration ---- */

/*
 * Where are the bytes of a struct page? At (page << shift) + one constant of this boot, as long as the kernel maps its
 * struct pages in one array; but the symbols that make up the constant are not for user space. So the agent fills a page
 * with random bytes and reads a block device into it with O_DIRECT: when the read is queued the bio points at the page and
 * the page still holds the bytes. Both parts of the constant are multiples of 1 GiB, so the page is looked for at steps of
 * 1 GiB around an address that is known to lie in the same map: a reading probe each, and 16 equal random bytes end it.
 */
struct search {
	__u64 near;
	__u64 low;
	__u64 pattern[2];
	__u64 hit;
	__s64 first_step;
};

#define SEARCH_STEPS 8192

static long try_address(__u32 i, struct search *c)
{
	__u64 address = (__u64)((__s64)(c->near >> 30) + c->first_step + (__s64)i) << 30 | c->low;
	__u64 bytes[2];

	if (!bpf_probe_read_kernel(bytes, sizeof(bytes), (void *)address) && bytes[0] == c->pattern[0] &&
	    bytes[1] == c->pattern[1]) {
		c->hit = address;
		return 1;
	}
	return 0;
}

SEC("tp_btf/block_bio_queue")
int BPF_PROG(calibrate, struct bio *bio)
{
	struct capture_calibration *k;
	struct block_device *device;
	struct capture_state *s;
	struct search c = {};
	struct bio_vec v;
	__u32 zero = 0;
	__u64 linear;

	if ((bio->bi_opf & OP_MASK) != OP_READ)
		return 0;
	k = bpf_map_lookup_elem(&calibration, &zero);
	s = the_state();
	if (!k || !s || k->found || k->process != bpf_get_current_pid_tgid() >> 32)
		return 0;
	k->reads++;
	k->page_struct_size = bpf_core_type_size(struct page);
	if (bpf_probe_read_kernel(&v, sizeof(v), bio->bi_io_vec))
		return 0;
	linear = (v.bv_page << (s->page_shift & 63)) + v.bv_offset;
	/* A typed pointer allows no arithmetic; a number that was read does. */
	device = bio->bi_bdev;
	if (bpf_core_read(&c.near, sizeof(c.near), &device->bd_queue))
		return 0;
	c.low = linear & ((1u << 30) - 1);
	c.pattern[0] = k->pattern[0];
	c.pattern[1] = k->pattern[1];
	c.first_step = k->first_step;
	bpf_loop(SEARCH_STEPS, try_address, &c, 0);
	if (c.hit) {
		k->page_constant = c.hit - linear;
		k->found = 1;
	}
	return 0;
}
