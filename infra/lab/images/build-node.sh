#!/bin/sh
# Runs inside a container of dsp/node-base, which then becomes the node image: installs Kubernetes and the container runtime from
# /input/bin and fills containerd's store with the images in /input/images.tar, compressed, since every node gets a copy.
set -eu
install -D -m 0755 /input/bin/kubeadm /usr/local/lib/dsp/kubeadm
install -m 0755 /input/bin/kubelet /input/bin/kubectl /usr/bin/
install -m 0755 /input/bin/containerd /input/bin/containerd-shim-runc-v2 /input/bin/ctr /usr/local/bin/
mkdir -p /kind/manifests
cp /input/storage.yaml /kind/manifests/default-storage.yaml
printf '%s' "$KUBERNETES_VERSION" > /kind/version
ctr oci spec \
  | jq '.hooks.createContainer[.hooks.createContainer | length] |= . + {"path": "/kind/bin/mount-product-files.sh"} | del(.process.rlimits)' \
  > /etc/containerd/cri-base.json
containerd > /tmp/containerd.log 2>&1 &
runtime=$!
tries=0
until ctr version > /dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { cat /tmp/containerd.log; exit 1; }
  sleep 0.2
done
ctr -n k8s.io images import --no-unpack --compress-blobs --all-platforms /input/images.tar
ctr -n k8s.io images ls -q
# the removal of a name, when waited for, also collects what the compressed copies were made from
ctr -n k8s.io images tag registry.k8s.io/pause:3.10 dsp/garbage:1
ctr -n k8s.io images rm --sync dsp/garbage:1
du -sh /var/lib/containerd/io.containerd.content.v1.content
kill "$runtime"
wait "$runtime" || true
rm -f /tmp/containerd.log
