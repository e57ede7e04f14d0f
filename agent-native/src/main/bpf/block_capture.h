/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one description of the bytes that the capture programs and the agent share. The Java side repeats the numbers in
 * BlockEventFlyweight, CaptureState and VolumeWindows; their tests read the assertions below, which the compiler holds to
 * be true, so that no number can drift alone.
 *
 * All fields are little endian, naturally aligned and of fixed width. Reserved bytes are zero. A change of any offset
 * raises CAPTURE_ABI: an agent takes over a running capture only when this number and the hash of the object file are its
 * own.
 */
#ifndef FARSHORE_BLOCK_CAPTURE_H
#define FARSHORE_BLOCK_CAPTURE_H

#define CAPTURE_MAGIC 0x3165726f68737266ull /* "frshore1" */
#define CAPTURE_ABI 1u

#define MAX_VOLUMES 64
#define MAX_WINDOWS_PER_DISK 8
#define COUNTER_SLOTS 64
#define SECTORS_PER_BLOCK_SHIFT 3 /* one bit of a bit map stands for 8 sectors, 4 KiB */

/* Types of a record. */
#define RECORD_SUBMIT 1   /* a piece of a write, with its payload */
#define RECORD_COMPLETE 2 /* a write, or a part of one, has ended; error 0 or the status of the block layer */
#define RECORD_ZEROED 3   /* a discard or write-zeroes has ended well */

/* Flags of a record. */
#define RECORD_FIRST 1   /* SUBMIT: first piece of its bio */
#define RECORD_LAST 2    /* SUBMIT: last piece of its bio */
#define RECORD_DISCARD 4 /* ZEROED: by a discard or secure erase, not by write-zeroes */

/*
 * One record of the ring. The ring's own header has 8 bytes, so that header and record fill one cache line and the payload
 * begins on the next; with payload slots of 4, 16 and 60 KiB every record of the ring begins on a cache line.
 */
struct block_record {
	__u64 sector;      /* volume-relative */
	__u64 length;      /* SUBMIT: payload bytes of this piece; COMPLETE, ZEROED: bytes of the range */
	__u64 time_ns;     /* CLOCK_MONOTONIC, when the program began */
	__u64 bio;         /* address of the bio: its identity among the pieces under way; 0 in COMPLETE and ZEROED */
	__u8 type;
	__u8 flags;
	__u16 volume;
	__u32 error;
	__u32 bio_length;  /* SUBMIT: bytes of the whole bio */
	__u32 opf;         /* the kernel's operation and flags, for people who read dumps */
	__u64 reserved;
};

/* Counters that every write touches, one cache line for each CPU (modulo COUNTER_SLOTS). */
struct capture_counters {
	__u64 submitted_bios;
	__u64 submitted_bytes;
	__u64 completions;
	__u64 completed_bytes;
	__u64 zeroed_ranges;
	__u64 failed_completions;
	__u64 skipped_zeroing;    /* discards and write-zeroes that failed: nothing was recorded, nothing is owed */
	__u64 split_completions;  /* completions of clones, told by their parent */
};

/* What is known of one volume; written by the agent except coverage_unknown. */
struct capture_volume {
	__u64 uuid_high;
	__u64 uuid_low;
	__u64 disk_sequence;
	__u64 start_sector;  /* on its disk */
	__u64 sector_count;
	__u64 first_bit;     /* in the bit maps; multiple of 512 */
	__u64 bit_capacity;  /* bits reserved for the volume; multiple of 512 */
	__u32 device;        /* of the whole disk, the kernel's form: major << 20 | minor */
	__u32 in_use;        /* written last when a volume is added, cleared first when one goes */
	__u32 phase;
	__u32 comparing;
	__u32 coverage_unknown; /* set by the programs, cleared by the agent */
	__u32 reserved0;
	__u64 first_position;   /* in the ring; records before it are of an older volume with this number */
	__u32 reserved1[10];
};

/* Pinned, one entry, mapped by the agent. */
struct capture_state {
	/* Identity; written by the agent before the programs are attached, "ready" last. */
	__u64 magic;
	__u32 abi;
	__u32 ready;
	__u64 capture_id_high;
	__u64 capture_id_low;
	__u64 boot_id_high;
	__u64 boot_id_low;
	__u64 object_hash[4];
	__u64 ring_length;
	__u64 bit_count;      /* bits of each bit map */
	__u64 page_constant;  /* address of a page's bytes = (address of its struct page << page_shift) + page_constant */
	__u32 page_shift;
	__u32 reserved0[5];
	/* Raised by the programs when something found no room; a cache line of its own, cold while all is well. */
	__u64 gap_epoch;
	__u64 dropped;          /* submissions and completions that found no room in the ring */
	__u64 payload_faults;   /* of them: payload could not be read or has odd alignment */
	__u64 odd_operations;   /* of them: a write operation that cannot be expressed */
	__u64 crossing;         /* of them: a write over the edge of a volume */
	__u64 untracked;        /* of them: a bio-based write that found no room in the table of bios */
	__u64 unknown_completions;
	__u64 passthrough;      /* commands that bypass the block layer's view of sectors */
	/* What the agent has dealt with; written by it alone. */
	__u64 noted_gap_epoch;
	__u64 noted_submit_misses;
	__u64 noted_completion_misses;
	__u8 reserved1[4096 - 216];
	struct capture_counters counters[COUNTER_SLOTS];
	struct capture_volume volumes[MAX_VOLUMES];
};

/* A stretch of a disk that is a protected volume. Sectors and bits as in capture_volume. */
struct volume_window {
	__u64 start_sector;
	__u64 sector_count;
	__u64 first_bit;
	__u32 volume;
	__u32 reserved;
};

/* Value of the map "volumes"; its key is the disk's device number. */
struct disk_windows {
	__u64 disk_sequence;
	__u32 window_count;
	__u32 reserved;
	struct volume_window windows[MAX_WINDOWS_PER_DISK];
};

/* Value of the map "bios": a write under way on a bio-based disk. Its key is the address of the bio. */
struct tracked_bio {
	__u64 sector; /* on the disk */
	__u32 length; /* bytes */
	__u32 opf;
	__u32 device;
	__u32 reserved;
};

/* Only while a capture is begun: how the programs learn where a page's bytes are. */
struct capture_calibration {
	__u64 pattern[2];        /* the first 16 bytes of the agent's page */
	__u64 process;           /* whose reads are looked at */
	__s64 first_step;        /* in GiB from a known address; the search goes on from here */
	__u64 found;
	__u64 page_constant;
	__u64 page_struct_size;  /* as the running kernel has it */
	__u64 reads;             /* reads looked at */
};

#define ASSERT_OFFSET(type, field, offset) \
	_Static_assert(__builtin_offsetof(struct type, field) == (offset), #type "." #field)
#define ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)

ASSERT_OFFSET(block_record, sector, 0);
ASSERT_OFFSET(block_record, length, 8);
ASSERT_OFFSET(block_record, time_ns, 16);
ASSERT_OFFSET(block_record, bio, 24);
ASSERT_OFFSET(block_record, type, 32);
ASSERT_OFFSET(block_record, flags, 33);
ASSERT_OFFSET(block_record, volume, 34);
ASSERT_OFFSET(block_record, error, 36);
ASSERT_OFFSET(block_record, bio_length, 40);
ASSERT_OFFSET(block_record, opf, 44);
ASSERT_OFFSET(block_record, reserved, 48);
ASSERT_SIZE(block_record, 56);

ASSERT_OFFSET(capture_counters, submitted_bios, 0);
ASSERT_OFFSET(capture_counters, submitted_bytes, 8);
ASSERT_OFFSET(capture_counters, completions, 16);
ASSERT_OFFSET(capture_counters, completed_bytes, 24);
ASSERT_OFFSET(capture_counters, zeroed_ranges, 32);
ASSERT_OFFSET(capture_counters, failed_completions, 40);
ASSERT_OFFSET(capture_counters, skipped_zeroing, 48);
ASSERT_OFFSET(capture_counters, split_completions, 56);
ASSERT_SIZE(capture_counters, 64);

ASSERT_OFFSET(capture_volume, uuid_high, 0);
ASSERT_OFFSET(capture_volume, uuid_low, 8);
ASSERT_OFFSET(capture_volume, disk_sequence, 16);
ASSERT_OFFSET(capture_volume, start_sector, 24);
ASSERT_OFFSET(capture_volume, sector_count, 32);
ASSERT_OFFSET(capture_volume, first_bit, 40);
ASSERT_OFFSET(capture_volume, bit_capacity, 48);
ASSERT_OFFSET(capture_volume, device, 56);
ASSERT_OFFSET(capture_volume, in_use, 60);
ASSERT_OFFSET(capture_volume, phase, 64);
ASSERT_OFFSET(capture_volume, comparing, 68);
ASSERT_OFFSET(capture_volume, coverage_unknown, 72);
ASSERT_OFFSET(capture_volume, first_position, 80);
ASSERT_SIZE(capture_volume, 128);

ASSERT_OFFSET(capture_state, magic, 0);
ASSERT_OFFSET(capture_state, abi, 8);
ASSERT_OFFSET(capture_state, ready, 12);
ASSERT_OFFSET(capture_state, capture_id_high, 16);
ASSERT_OFFSET(capture_state, capture_id_low, 24);
ASSERT_OFFSET(capture_state, boot_id_high, 32);
ASSERT_OFFSET(capture_state, boot_id_low, 40);
ASSERT_OFFSET(capture_state, object_hash, 48);
ASSERT_OFFSET(capture_state, ring_length, 80);
ASSERT_OFFSET(capture_state, bit_count, 88);
ASSERT_OFFSET(capture_state, page_constant, 96);
ASSERT_OFFSET(capture_state, page_shift, 104);
ASSERT_OFFSET(capture_state, gap_epoch, 128);
ASSERT_OFFSET(capture_state, dropped, 136);
ASSERT_OFFSET(capture_state, payload_faults, 144);
ASSERT_OFFSET(capture_state, odd_operations, 152);
ASSERT_OFFSET(capture_state, crossing, 160);
ASSERT_OFFSET(capture_state, untracked, 168);
ASSERT_OFFSET(capture_state, unknown_completions, 176);
ASSERT_OFFSET(capture_state, passthrough, 184);
ASSERT_OFFSET(capture_state, noted_gap_epoch, 192);
ASSERT_OFFSET(capture_state, noted_submit_misses, 200);
ASSERT_OFFSET(capture_state, noted_completion_misses, 208);
ASSERT_OFFSET(capture_state, counters, 4096);
ASSERT_OFFSET(capture_state, volumes, 8192);
ASSERT_SIZE(capture_state, 16384);

ASSERT_OFFSET(volume_window, start_sector, 0);
ASSERT_OFFSET(volume_window, sector_count, 8);
ASSERT_OFFSET(volume_window, first_bit, 16);
ASSERT_OFFSET(volume_window, volume, 24);
ASSERT_SIZE(volume_window, 32);

ASSERT_OFFSET(disk_windows, disk_sequence, 0);
ASSERT_OFFSET(disk_windows, window_count, 8);
ASSERT_OFFSET(disk_windows, windows, 16);
ASSERT_SIZE(disk_windows, 272);

ASSERT_SIZE(tracked_bio, 24);

ASSERT_OFFSET(capture_calibration, pattern, 0);
ASSERT_OFFSET(capture_calibration, process, 16);
ASSERT_OFFSET(capture_calibration, first_step, 24);
ASSERT_OFFSET(capture_calibration, found, 32);
ASSERT_OFFSET(capture_calibration, page_constant, 40);
ASSERT_OFFSET(capture_calibration, page_struct_size, 48);
ASSERT_OFFSET(capture_calibration, reads, 56);
ASSERT_SIZE(capture_calibration, 64);

#endif
