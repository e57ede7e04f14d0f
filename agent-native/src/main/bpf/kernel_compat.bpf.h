/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types as far as the capture programs look into them, relocated when the object is loaded (CO-RE): only the
 * names must be right, offsets come from the running kernel's BTF. Differences between kernels, each with its cause:
 *
 *  - bio.bi_bdev (5.12): before, bi_disk and bi_partno. Not supported.
 *  - block_bio_queue(bio) (5.11), before (q, bio); block_rq_complete with a blk_status_t (5.16), before an errno.
 *    Older forms are not supported; the verifier refuses the programs there.
 *  - request_queue.disk (5.15): before, request.rq_disk. Not supported.
 *  - gendisk.diskseq (5.15).
 *  - bpf_loop() (5.17) bounds the copy loops; it is the newest thing needed, so 5.17 is the oldest kernel.
 *  - struct bvec_iter is packed, and stays so here: CO-RE moves a field, it does not change an access's width.
 *  - Operations (REQ_OP_*) have had these numbers since 4.20; 7 was WRITE_SAME up to 5.17 and is ZONE_APPEND since 6.2:
 *    both count as odd. The flag bits behind them have moved and are not looked at.
 */
#ifndef FARSHORE_KERNEL_COMPAT_H
#define FARSHORE_KERNEL_COMPAT_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

enum bpf_map_type { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_RINGBUF = 27 };
enum { BPF_ANY = 0, BPF_F_MMAPABLE = 1024, BPF_RB_NO_WAKEUP = 1 };

#define OP_MASK 0xffu
#define OP_READ 0u
#define OP_WRITE 1u
#define OP_DISCARD 3u
#define OP_SECURE_ERASE 5u
#define OP_WRITE_ZEROES 9u
#define OP_DRV_OUT 35u

/* Read as a whole, not relocated: it has been these three since 2.5, and one read per element is what the loop can pay. */
struct bio_vec {
	__u64 bv_page;
	__u32 bv_len;
	__u32 bv_offset;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct page {
	unsigned long flags;
};

struct bvec_iter {
	__u64 bi_sector;
	unsigned int bi_size;
	unsigned int bi_idx;
	unsigned int bi_bvec_done;
} __attribute__((packed));

struct block_device_operations {
	void (*submit_bio)(void *bio);
};

struct gendisk {
	int major;
	int first_minor;
	const struct block_device_operations *fops;
	__u64 diskseq;
};

struct request_queue {
	struct gendisk *disk;
};

struct block_device {
	struct gendisk *bd_disk;
	struct request_queue *bd_queue;
};

struct bio {
	struct bio *bi_next;
	struct block_device *bi_bdev;
	__u32 bi_opf;
	__u8 bi_status;
	struct bvec_iter bi_iter;
	void *bi_private;
	struct bio_vec *bi_io_vec;
};

struct request {
	struct request_queue *q;
	__u32 cmd_flags;
	__u64 __sector;
	struct bio *bio;
};

#pragma clang attribute pop

#endif
