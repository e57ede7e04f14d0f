/**
 * A server of block devices over the NBD protocol: TCP and unix sockets, several exports, each a {@link
 * org.farshore.dataplane.nbd.NbdExport}. It knows nothing of journals and points; whatever answers that interface is a disk.
 *
 * <p>Read in this order: {@link org.farshore.dataplane.nbd.NbdExport} and {@link org.farshore.dataplane.nbd.NbdAccess}
 * (what is served), {@link org.farshore.dataplane.nbd.NbdServer} (who serves), then a connection's life: {@code
 * NbdConnection}, {@code NbdHandshake}, {@code NbdSession}.
 *
 * <p>Names of constants are those of the protocol document without their prefix: {@code doc/proto.md} of the
 * NetworkBlockDevice project, as of May 2026.
 */
package org.farshore.dataplane.nbd;
