"""Evidence at the centre: resumable uploads from boxes, playback to people, every view logged."""
