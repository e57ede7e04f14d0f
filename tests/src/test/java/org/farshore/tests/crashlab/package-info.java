/**
 * Power cuts of the master target's disk on real filesystems.
 *
 * <pre>
 *   record   script ──► master target ──► ext4, xfs ──► loop ──► nbdfuse ──► TracedDisk ──► DiskTrace
 *               │  ◄── acknowledgements, each with the number of flushes it was heard behind: Promises
 *               ▼
 *            every byte of every prefix
 *               ▼
 *   replay   DiskTrace up to flush n, and any part of what came behind it ──► mount ──► the role's own classes ──► Judge
 * </pre>
 *
 * <p><b>What is recorded.</b> The master target's four agents run on a thread each, as in production, over the real file
 * layer; the sender and the receive agent share one. The disk under the filesystem is an NBD export in this JVM, one
 * connection, whose requests are answered one after the other: a write that was answered before a flush came is before it in
 * the trace, and the number of flushes can be asked at the moment an acknowledgement is heard. QEMU's blklogwrites would
 * give the same on paper. Behind the FUSE export of QEMU 7.2, which Debian 12 has, a fresh ext4 cannot be mounted: a
 * request that arrives while another is served overwrites its buffer.
 *
 * <p><b>What is judged</b> at each cut: nothing acknowledged is missing, journal and index verify without damage, every
 * recovery point within the window is offered, every offered point shows the bytes of its prefix, and so do the replicas
 * once all is applied.
 *
 * <p><b>What a cut leaves.</b> At each flush the disk as the flush vouches for it; and, at some, with a part of what came
 * behind it: each write kept, lost, or torn by sectors of 512 bytes, as dice say.
 */
package org.farshore.tests.crashlab;
